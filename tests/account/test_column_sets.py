"""Bars of one account that have different columns: what some of them lack is not known of these, and of no others."""

from __future__ import annotations

import random

import panel_runs
import promises
import pytest
from frames import frames
from test_backtest import table

from hq_core.batch import Schema
from hq_core.errors import DATA, HqError
from hq_core.futures.terms import Terms
from hq_core.stages.backtest import BacktestStage
from hq_core.stages.signal import Signal

NAMES = ("A", "B", "C", "D")
MARKS = ("mark_high", "mark_low", "mark_close")
RULES = "IF close > SMA(close, 3) THEN BUY(size=2)\nIF close < SMA(close, 3) THEN CLOSE_LONG"


def bars(symbol, more=(), n=60):
    """A series with further columns: volume, and mark prices that go far below the low."""
    chance, rows, price = random.Random(symbol), [], 100.0
    for at in range(n):
        close = round(price * (1 + chance.gauss(0, 0.01)), 2)
        values = {"volume": 5.0, "mark_high": max(price, close) + 1, "mark_low": 60.0, "mark_close": close}
        begins = panel_runs.START + at * panel_runs.MINUTE
        rows.append((begins + panel_runs.MINUTE, begins, price, max(price, close) + 1, min(price, close) - 1, close,
                     *(values[name] for name in more)))  # fmt: skip
        price = close
    cols = (*panel_runs.BAR[:6], *((name, "f8") for name in more))
    return frames((Schema("bar", symbol, "1m", cols), rows))


def traded(*streams, series=False, **terms):
    told = promises.run(Signal([("s", RULES, "s.hq")]), panel_runs.merged(*streams, series=series))
    return promises.run(BacktestStage(Terms(leverage=20, size="1", **terms)), told)


def fills_of(out, symbol):
    """Those of a symbol, without its number and theirs."""
    rows = [one for what, one in promises.items(out) if what == "rows" and one.schema.of == "fill"]
    names = [name for one in rows for name in one.words("symbol")]
    mine = [one for name, one in zip(names, table(out, "fill"), strict=True) if name == symbol]
    return [{name: value for name, value in one.items() if name not in ("symbol", "id")} for one in mine]


@pytest.mark.parametrize("more", [("volume",), MARKS, ("volume", *MARKS)])
@pytest.mark.parametrize("first", [0, 1])
def test_what_one_has_and_another_lacks_is_that_ones(more, first):
    """Two panels of one name: each symbol trades as it does by itself, as wallets are far too large to matter."""
    streams = [bars(name, more if (k % 2 == 0) == (first == 0) else ()) for k, name in enumerate(NAMES)]
    terms = {"initial_margin": 1e6, "path": "ohlc"}
    out = traded(*streams, **terms)
    for name, one in zip(NAMES, streams):
        alone = fills_of(traded(one, **terms), name)
        assert len(alone) > 5
        assert repr(fills_of(out, name)) == repr(alone)
    assert bool(table(out, "liquidation")) == (MARKS[0] in more)


@pytest.mark.parametrize("option", [{"volume_share": 0.1}, {"impact": "linear"}])
def test_a_share_of_the_volume_asks_for_one(option):
    for streams, key in (
        ((bars("A"),), "bar//1m, of A,"),
        ((bars("A", ("volume",)), bars("B"), bars("C")), "bar//1m, of B, C,"),
    ):
        with pytest.raises(HqError) as caught:
            traded(*streams, **option)
        ((name, value),) = option.items()
        told = f"{name} {value}: is of the bars' volume, and {key} has no column 'volume'"
        assert (caught.value.code, str(caught.value)) == (DATA, told)


def test_open_time_is_of_all_or_of_none():
    without = (("ts", "i8"), *panel_runs.BAR[2:])
    rows = [(panel_runs.START + at * panel_runs.MINUTE, *[100.0] * 4, 1.0) for at in range(1, 9)]
    other = frames((Schema("bar", "B", "1m", without), rows))
    with pytest.raises(HqError, match="all have open_time, or none has") as caught:
        traded(bars("A"), other)
    assert caught.value.code == DATA
    assert table(traded(bars("A"), other, series=True), "fill")  # those that all are known of before the first bar
