"""Strategies over panels that come as they are give what they give symbol by symbol, taken apart or in runs apart."""

from __future__ import annotations

import os
from collections.abc import Callable

import panel_runs
import pytest
from frames import frames, items
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from panel_runs import MINUTE, START, merged, said, through
from stores import store_of

import hq_core
from hq_core.batch import Schema
from hq_core.errors import HqError
from hq_core.flow import State
from hq_core.order import ordered
from hq_core.series.growing import Growing
from hq_core.stream.handover import Handover, Taken, give
from hq_core.wire import Reader

FEW = settings(max_examples=int(os.environ.get("HQ_FUZZ", "25")), deadline=None)
SYMBOLS = "ABCD"
COLS = [
    ("ts", "i8"),
    ("open_time", "i8"),
    *((name, "f8") for name in ("open", "high", "low", "close")),
    ("complete", "i1"),
]
UP = 'IF close > EMA(close, 3) THEN BUY(size=close, META(at=ts, why="up", by=close))\nIF close < 97 THEN CLOSE()'
LATCH = "VAR peak = MAX(peak[1], close) SEED close\nPLOT(peak, peak)\nIF close < 0.95 * peak THEN SELL(limit=peak)"
OWN = """DEF far(of) = IF(of IN ("A", "C"), 95, 105)
PLOT(far, far(symbol))
IF close > far(symbol) OR symbol == "B" AND close < EMA(close, 3)
  THEN BUY(size=far(symbol)) ELSE CLOSE(META(b=symbol != "B"))"""
NEAR = """hit = SIMILARITY(VEC_STORE("near"), NORMALIZE(close, length=2), min=0.5, k=2)
PLOT(score, hit.score)
IF hit THEN BUY(META(ts=hit.ts, score=hit.score, n=hit.count))"""
VECTORS = [
    (START + at * MINUTE, at, START + (at + 3) * MINUTE, at % 3 - 1, pair)
    for at, pair in enumerate([(1.0, -1.0), (-1.0, 1.0), (-1.0, 1.0), (1.0, -1.0), (2.0, -1.0)])
]


class Rising:
    def next(self, row):
        return "BUY" if row.close > row.open else None


MAKE: dict[str, Callable[[], hq_core.Signal]] = {
    "orders": lambda: hq_core.Signal([("s", UP, "s.hq")]),
    "orders alone": lambda: hq_core.Signal([("s", UP, "s.hq")], signals=True),
    "columns too": lambda: hq_core.Signal([("l", LATCH, "l.hq"), ("s", "x = CHANGE(close)\n" + UP, "s.hq")], keep="x"),
    "by symbol": lambda: hq_core.Signal([("l", LATCH, "l.hq"), ("o", OWN, "o.hq")]),
    "a store": lambda: hq_core.Signal([("n", NEAR, "n.hq")], stores={"near": store_of(VECTORS)}),
    "a period that some have": lambda: hq_core.Signal([("s", UP, "s.hq")], period="5m", missing="warn"),
    "columns of a period": lambda: hq_core.Signal([("l", LATCH, "l.hq")], period="5m", missing="warn"),
}

closes = st.integers(90, 110).map(float)
# by symbol and period: of each bar whether it is there, its close, and whether a forming one stands before it
one = st.lists(st.tuples(st.booleans(), closes, st.booleans()), min_size=1, max_size=12).filter(
    lambda bars: any(there or forming for there, _, forming in bars)  # a base is that of rows
)
markets = st.dictionaries(st.tuples(st.sampled_from(SYMBOLS), st.sampled_from((1, 5))), one, min_size=1, max_size=6)


def series(symbol: str, minutes: int, bars: list[tuple[bool, float, bool]], first: int = 0) -> bytes:
    rows = []
    step = minutes * MINUTE
    for at, (there, close, forming) in enumerate(bars, first):
        row = (START + step * (at + 1), START + step * at, close, close + 1, close - 1, close)
        if forming:
            rows.append((*row[:5], close + 5, 0))
        if there:
            rows.append((*row, 1))
    return frames((Schema("bar", symbol, f"{minutes}m", COLS), rows))


def apart(make: Callable[[], hq_core.Signal]) -> Callable[[], hq_core.Signal]:
    def made() -> hq_core.Signal:
        stage = make()
        assert stage.panels == "whole"
        stage.panels = "apart"
        return stage

    return made


@pytest.mark.parametrize("name", MAKE)
@FEW
@given(market=markets, cuts=st.lists(st.integers(1, 60), max_size=6))
def test_a_panel_gives_what_its_symbols_give_taken_apart(name, market, cuts):
    data = merged(*(series(*key, bars) for key, bars in sorted(market.items())))
    assert said(through(MAKE[name], panel_runs.recut(data, cuts))) == said(through(apart(MAKE[name]), data))


@pytest.mark.parametrize("name", ["orders", "columns too", "by symbol"])
@FEW
@given(market=st.dictionaries(st.sampled_from(SYMBOLS), one, min_size=1))
def test_a_panel_gives_what_runs_of_each_symbol_give(name, market):
    alone = {symbol: series(symbol, 1, bars) for symbol, bars in market.items()}
    want = [said(through(MAKE[name], data))[0] for data in alone.values()]
    found = said(through(MAKE[name], merged(*alone.values())))[0]
    assert found == {key: held for each in want for key, held in each.items()}


@pytest.mark.parametrize("name", MAKE)
@FEW
@given(first=markets, second=markets, series_=st.tuples(st.booleans(), st.booleans()))
def test_runs_that_go_on_give_what_one_run_gives_taken_apart(name, first, second, series_, tmp_path_factory):
    """From panel to panel, from panels to series and back."""
    state = str(tmp_path_factory.mktemp("state") / "s")
    pieces = [
        merged(*(series(*key, bars, 20 * at) for key, bars in sorted(market.items())), series=as_series)
        for at, (market, as_series) in enumerate(zip((first, second, first), (*series_, False)))
    ]
    try:
        want = said(through(apart(MAKE[name]), b"".join(pieces)))
    except HqError:
        assume(False)
    runs = [through(MAKE[name], piece, State(state, 0, {})) for piece in pieces]
    assert said(b"".join(runs)) == want


@pytest.mark.parametrize("name", ["orders", "columns too", "by symbol"])
@FEW
@given(market=markets, cuts=st.lists(st.integers(1, 60), max_size=6), at=st.integers(0, 20))
def test_a_state_that_is_taken_between_any_rows_goes_on(name, market, cuts, at):
    """Saved and loaded in the middle of a section, as where a run is killed."""
    data = panel_runs.recut(merged(*(series(*key, bars) for key, bars in sorted(market.items()))), cuts)
    given_ = list(ordered(Reader(panel_runs.descriptor(data))))
    taken = Taken()
    stage = MAKE[name]()
    stage.begin(Handover(taken))
    heads = []
    for number, item in enumerate(given_):
        if number == at:
            saved = stage.save()
            stage.out.flush()
            stage = MAKE[name]()
            stage.begin(Handover(taken))
            stage.load(saved)
            for before in heads:
                give(before, stage)
        give(item, stage)
        if not hasattr(item, "n"):
            heads.append(item)
    stage.finish(False)
    stage.out.flush()
    assert panel_runs.said_by(iter(taken.pop()))[0] == said(through(MAKE[name], data))[0]


def test_orders_stand_before_the_bars_that_they_were_decided_on():
    streams = [panel_runs.bars(symbol, {0: 96.0, 1: 99.0, 2: 95.0}) for symbol in "BA"]
    found = list(items(through(MAKE["orders"], merged(*streams))))
    rows = [item.schema.of for kind, item in found if kind == "rows"]
    assert rows == ["order", "bar"]
    data = through(MAKE["orders"], merged(*streams))
    assert panel_runs.order(data, of="order") == sorted(panel_runs.order(data, of="order"))


def test_orders_of_strategies_that_ran_before_are_refused():
    data = through(MAKE["orders"], merged(*(panel_runs.bars(symbol, {0: 96.0, 1: 99.0}) for symbol in "AB")))
    with pytest.raises(HqError, match="is in the input already, of strategies that ran before"):
        through(MAKE["orders"], data)


def test_orders_of_symbols_that_have_no_bars_pass():
    """Their panel comes first, so all are taken apart: the codes of both are those of one panel."""
    before = through(MAKE["orders alone"], merged(panel_runs.bars("A", {0: 96.0, 1: 99.0})))
    data = merged(before, panel_runs.bars("B", {0: 96.0, 1: 99.0}), panel_runs.bars("C", {0: 96.0}))
    found = said(through(MAKE["orders"], data))[0]
    assert {key for key in found if key.startswith("order")} == {"order/A/1m", "order/B/1m", "order/C/1m"}
    assert found == said(through(apart(MAKE["orders"]), data))[0]


def test_a_strategy_that_reads_another_series_takes_panels_apart():
    for text in ("IF close > close@5m THEN BUY", "IF close > close@B THEN BUY"):
        assert hq_core.Signal([("s", text, "s.hq")]).panels == "apart"


@pytest.mark.parametrize(
    "text", ["IF close > 3 THEN BUY(META(of=symbol))", 'IF close > EMA(close, IF(symbol == "A", 3, 5)) THEN BUY']
)
def test_one_that_wants_the_symbol_before_the_first_row_takes_panels_apart(text):
    for alone in (True, False):
        files = [("s", text, "s.hq"), *([] if alone else [("o", OWN, "o.hq")])]
        assert hq_core.Signal(files).panels == "apart"


def test_what_runs_on_one_series_at_a_time_takes_panels_apart():
    assert hq_core.Signal([("s", UP, "s.hq")], python=[Rising]).panels == "apart"
    grows = {"near": Growing("near", "B", "1m")}
    assert hq_core.Signal([("n", NEAR, "n.hq")], stores=grows).panels == "apart"


def test_a_cross_section_goes_with_nothing_that_takes_panels_apart():
    ranked = ("r", "IF RANK(close) > 0.5 THEN BUY", "r.hq")
    with pytest.raises(HqError, match=r"r.hq:1:4: RANK .*; it goes with no strategy in Python"):
        hq_core.Signal([ranked], python=[Rising])
    with pytest.raises(HqError, match=r"r.hq:1:4: RANK .*; it goes with no store that grows from the stream"):
        hq_core.Signal([ranked, ("n", NEAR, "n.hq")], stores={"near": Growing("near", "B", "1m")})


def test_kernels_are_known_before_the_rows():
    stage = hq_core.Signal([("r", "IF RANK(ROC(close, 3)) > 0.5 THEN BUY", "r.hq")])
    assert {"across", "until", "ordered"} <= {kernel.name for kernel in stage.kernels()}
