"""--explain says what an order is given, what never changes too, and what strategies in Python are called with."""

from __future__ import annotations

from hq_core.stages.signal import Signal

TEXT = """mean = SMA(close, 3)
IF close < mean
  THEN OPEN_LONG(risk=0.01, limit=mean, stop=90, expire="4h", reduce_only=FALSE, META(why="dip", at=ts, up=TRUE))
IF close > mean THEN CLOSE_LONG(tif="ioc"), CANCEL ELSE TARGET(equity=0)
"""


class Dip:
    indicators = ("rsi:14", "ema:20")

    def next(self, row: object) -> None:
        pass


class Plain:
    def next(self, row: object) -> None:
        pass


def test_what_never_changes_is_shown_with_what_does() -> None:
    rules = [line.partition(" THEN ")[2] for line in Signal([("s", TEXT, "s.hq")]).explain() if " THEN " in line]
    assert rules == [
        'OPEN_LONG(risk=0.01, limit=#1, stop=90, meta.why="dip", meta.at=ts, meta.up=TRUE, expire="4h", '
        "reduce_only=FALSE)",
        'CLOSE_LONG(tif="ioc")',
        "CANCEL",
        "TARGET(equity=0)",
    ]


def test_strategies_in_python_are_shown_with_what_they_ask_for() -> None:
    lines = Signal([("s", "IF SMA(close, 3) > 0 THEN BUY(size=2)", "s.hq")], python=[Dip, Plain]).explain()
    assert lines[-3].endswith("THEN BUY(size=2)")
    assert lines[-2].startswith("Dip, in Python: next(row) with each closed row, in which rsi_14 = #")
    assert ", ema_20 = #" in lines[-2]
    assert lines[-1] == "Plain, in Python: next(row) with each closed row"
    assert any("14" in line and "warm-up" in line and "ns a row" in line for line in lines)
