"""hq-backtest --keep-input: rows of orders pass, and those of strategies inside the account are written, with META."""

from __future__ import annotations

import panel_runs
import promises
import pytest
from filters import bars
from test_backtest import table
from test_inside import NEVER_HOLDS

from hq_core.api.pipe import Pipe
from hq_core.futures.terms import Terms
from hq_core.stages.backtest import BacktestStage
from hq_core.stages.signal import Signal

RULES = """
r = RSI(5)
IF r < 40 THEN BUY(size=1, META(r=r, why="low")), OPEN_LONG(limit=close * 0.99, size=1, META(why="lower"))
IF r > 60 THEN CLOSE(META(r=r, why="high", entered=open_time))
"""


class Reads:
    account = True
    meta = {"why": ("none", "some"), "held": float}

    def on_start(self, ctx):
        self.ctx = ctx

    def next(self, row):
        held = self.ctx.position
        if held == 0.0 and int(row.close) % 2:
            return {"action": "OPEN_LONG", "size": 1, "meta": {"why": "none", "held": held}}
        return {"action": "CLOSE_LONG", "meta": {"why": "some", "held": held}} if held else None


def of_stream(which, start=0, stop=120):
    """Bars from one number up to another, of a series, of several, or of a panel."""
    if which == "series":
        schema, rows = bars(3, 300)
        return promises.stream(promises.cut(schema, rows[start * 2 : stop * 2], [37]))
    each = [{at: 100.0 + (7 * at * at + k) % 11 for at in range(start, stop) if at % 9 != k} for k in range(3)]
    streams = [panel_runs.bars(name, closes) for name, closes in zip("ABC", each)]
    return panel_runs.merged(*streams, series=which == "many")


def inside(text="", python=(), keep=True):
    account = BacktestStage(Terms(pyramid=3), keep_input=keep)
    files = [("s", text, "s.hq")] if text else []
    return Pipe(Signal(files, python=python, desk=account), account)


def orders_of(data):
    """Rows of orders by symbol, codes as words."""
    found = {}
    for what, one in promises.items(data):
        if what == "rows" and one.schema.of == "order":
            names = [name for name in one.schema.names if name != "symbol"]
            columns = [list(one.words(n) if one.schema.kind(n) == "s4" else one.view(n)) for n in names]
            for symbol, *row in zip(one.symbols(), *columns):
                found.setdefault(symbol, []).append(repr(list(zip(names, row))))
    return found


@pytest.mark.parametrize("which", ["series", "many", "panel"])
def test_what_runs_inside_is_written_as_hq_signal_does(which):
    data = of_stream(which)
    told = promises.run(Signal([("s", RULES, "s.hq")]), data)
    piped = promises.run(BacktestStage(Terms(pyramid=3), keep_input=True), told)
    inner = promises.run(inside(RULES + NEVER_HOLDS), data)
    assert orders_of(inner) == orders_of(piped) == orders_of(told)
    assert "('meta.why', 'lower')" in repr(orders_of(inner))
    without = promises.run(inside(RULES + NEVER_HOLDS, keep=False), data)
    assert not orders_of(without)
    for kind in ("fill", "order_state", "equity", "bar"):
        assert repr(table(inner, kind)) == repr(table(without, kind))
    done = {}
    for what, one in promises.items(inner):
        if what == "rows" and one.schema.of in ("order", "bar"):
            for ts, symbol in zip(one.view("ts"), one.symbols()):
                assert one.schema.of == "bar" or ts > done.get(symbol, 0)  # the orders lie before their bars
                done[symbol] = ts if one.schema.of == "bar" else done.get(symbol, 0)


@pytest.mark.parametrize("which", ["series", "many", "panel"])
def test_a_class_that_reads_its_account_has_its_meta(which):
    found = orders_of(promises.run(inside(python=[Reads]), of_stream(which)))
    assert set(found) == ({"BTCUSDT"} if which == "series" else set("ABC"))
    for rows in found.values():
        assert len(rows) > 10
        assert all(("('meta.why', 'some')" in one) == ("('meta.held', 1.0)" in one) for one in rows)


@pytest.mark.parametrize("which", ["series", "panel"])
def test_a_run_goes_on_and_a_section_tells_its_texts(which, tmp_path):
    halves = of_stream(which, 0, 57), of_stream(which, 57, 120)
    whole = orders_of(promises.run(inside(RULES + NEVER_HOLDS), of_stream(which)))
    state = tmp_path / "state"
    one, two = (orders_of(promises.run(inside(RULES + NEVER_HOLDS), half, state)) for half in halves)
    for name, rows in whole.items():
        found = one.get(name, []) + two.get(name, [])
        assert found == rows[: len(found)]
        assert len(rows) - len(found) <= 2  # of a panel's last ts, to which more may come in another run
    assert orders_of(promises.run(inside(RULES + NEVER_HOLDS), b"".join(halves))) == whole
