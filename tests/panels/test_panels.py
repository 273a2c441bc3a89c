"""Panels: merging and taking apart, and that each filter gives of a panel what it gives of the symbols' series."""

from __future__ import annotations

import os

import promises
import pytest
from frames import frames, items
from hypothesis import given, settings
from hypothesis import strategies as st
from panel_runs import BAR, MINUTE, START, bars, merged, order, recut, said, through
from stores import store_of

from hq_core.batch import Batch, Schema
from hq_core.errors import DATA, HqError
from hq_core.flow import State
from hq_core.roles import Stage
from hq_core.series.unit import Unit
from hq_core.stages.aggregate import Aggregate
from hq_core.stages.indicators import Indicators
from hq_core.stages.signal import Signal
from hq_core.stages.vector_build import VectorBuild

FEW = settings(max_examples=int(os.environ.get("HQ_FUZZ", "25")))
PAIR = (
    "spread = close - close@B\n"
    "IF spread > 0 AND close > SMA(close, 3) THEN BUY(META(s=spread))\nIF spread < -1 THEN SELL"
)
ALONE = "IF close > SMA(close, 3) THEN BUY(size=2, META(at=ts))\nIF close < SMA(close, 3) THEN SELL"
NEAR = (
    'hit = SIMILARITY(VEC_STORE("near"), NORMALIZE(close, 3), min=0.5)\n'
    "IF hit.label > 0 THEN BUY(META(ts=hit.ts, score=hit.score))\nIF hit.label < 0 THEN SELL(META(ts=hit.ts, score=0))"
)
STORE = store_of(
    [
        (START + MINUTE * i, i, START + MINUTE * (i + 3), i % 2 * 2 - 1, [i * 7 % 5, i * 3 % 4, i % 3])
        for i in range(1, 25)
    ]
)
FILTERS = {
    "nothing": Stage,
    "indicators": lambda: Indicators(["rsi:3", "ema:4", "macd:2,4,3"]),
    "indicators of another symbol": lambda: Indicators(["sma:3(close@B)", "correl:3(close,close@A)"], missing="warn"),
    "signal": lambda: Signal([("s", ALONE, "s.hq")]),
    "signal of a pair": lambda: Signal([("s", PAIR, "s.hq")], missing="warn"),
    "signal near": lambda: Signal([("s", NEAR, "s.hq")], stores={"near": STORE}),
    "vectors": lambda: VectorBuild(length=3, horizon=2),
    "signals": lambda: Signal([("s", ALONE, "s.hq")], signals=True),
}
closes = st.dictionaries(st.integers(0, 30), st.integers(90, 110).map(float), min_size=1, max_size=25)
markets = st.dictionaries(st.sampled_from(["A", "B", "C", "Ä/USDT", "a"]), closes, min_size=1, max_size=4)


def streams(market: dict[str, dict[int, float]]) -> list[bytes]:
    return [bars(symbol, held) for symbol, held in market.items()]


@FEW
@given(market=markets, turn=st.randoms(use_true_random=False))
def test_a_panel_lies_by_ts_and_symbol_whatever_the_order_of_the_inputs(market, turn):
    given_ = streams(market)
    panel = merged(*given_)
    assert order(panel) == sorted((START + MINUTE * (at + 1), symbol) for symbol, held in market.items() for at in held)
    turn.shuffle(given_)
    assert merged(*given_) == panel
    parts = merged(panel, series=True)
    assert said(parts) == said(panel) == said(merged(*given_, series=True))
    assert said(merged(parts)) == said(panel)
    assert not order(parts)


def early(data: bytes) -> list[tuple[int, str]]:
    """Bars with an order that the stream gives after them."""
    bars_: set[tuple[int, str]] = set()
    found = []
    for kind, item in items(data):
        if kind == "rows" and item.schema.of in ("bar", "order"):
            symbols = item.words("symbol") if item.schema.panel else [item.schema.symbol] * item.n
            at = list(zip(item.view("ts").tolist(), symbols))
            if item.schema.of == "bar":
                bars_.update(at)
            else:
                found += [one for one in at if one in bars_]
    return found


@pytest.mark.parametrize("name", FILTERS)
@FEW
@given(market=markets, cuts=st.lists(st.integers(1, 80), max_size=8))
def test_a_filter_commutes_with_merging_however_the_panel_is_cut(name, market, cuts):
    make = FILTERS[name]
    panel = merged(*streams(market))
    whole = through(make, panel)
    assert said(whole) == said(through(make, merged(*streams(market), series=True)))
    for of in ("bar", "order", "vector"):
        assert order(whole, of=of) == sorted(order(whole, of=of))
    assert early(whole) == []
    assert said(through(make, recut(panel, cuts))) == said(whole)


@FEW
@given(market=markets, cuts=st.lists(st.integers(1, 80), max_size=8))
def test_aggregation_commutes_up_to_each_symbol_s_last_closed_bar(market, cuts):
    """In a panel the rows of other symbols say that time goes on, so a symbol's last bar may close there."""

    def make() -> Aggregate:
        return Aggregate("5m:15m", slack="0s")

    panel = merged(*streams(market))
    whole = through(make, panel)
    assert order(whole, "15m") == sorted(order(whole, "15m"))
    assert order(whole, "5m") == sorted(order(whole, "5m"))
    rows, _ = said(whole)
    alone, _ = said(through(make, merged(*streams(market), series=True)))
    for key, held in alone.items():
        for column, values in held.items():
            assert rows[key][column][: len(values)] == values
    assert said(through(make, recut(panel, cuts))) == said(whole)


@pytest.mark.parametrize("name", [*FILTERS, "aggregate"])
@FEW
@given(market=markets, at=st.integers(0, 30))
def test_a_filter_goes_on_from_a_state(name, market, at, tmp_path_factory):
    make = FILTERS.get(name, lambda: Aggregate("5m", slack="0s"))
    halves = [
        merged(
            *streams(
                {
                    symbol: part
                    for symbol, held in market.items()
                    if (part := {bar: close for bar, close in held.items() if (bar < at) == first})
                }
            )
        )
        for first in (True, False)
        if any((bar < at) == first for held in market.values() for bar in held)
    ]
    state = str(tmp_path_factory.mktemp("state") / "s")
    parts = [through(make, half, State(state, 0, {})) for half in halves]
    assert said(b"".join(parts)) == said(through(make, b"".join(halves), State(state + "2", 0, {})))


def test_a_row_before_what_was_given_is_refused_with_the_form_that_works():
    behind = bars("A", {5: 1.0, 6: 1.0}) + bars("B", {0: 1.0})
    with pytest.raises(HqError, match=r"in0: rows of bar/B/1m from .* come behind later ones .* hq-merge A B"):
        merged(behind)


def test_a_series_of_two_inputs_is_refused():
    with pytest.raises(HqError, match="bar/A/1m is in in0 too; cat puts parts"):
        merged(bars("A", {0: 1.0}), bars("A", {1: 1.0}))


def test_coarser_periods_come_first_and_the_pair_strategy_of_two_files_runs():
    hours = bars("A", {at: float(at) for at in range(3)}, "1h", 60 * MINUTE)
    minutes = bars("A", {at: float(at) for at in range(180)})
    make = lambda: Signal([("s", "IF close@1h > 0 THEN BUY(META(h=close@1h))", "s.hq")])  # noqa: E731
    for series in (True, False):
        rows, _ = said(through(make, merged(minutes, hours, series=series)))
        ts, h = (
            memoryview(rows["order/A/1m"][name]).cast(code).tolist() for name, code in (("ts", "q"), ("meta.h", "d"))
        )
        assert list(zip(ts, h))[:4:2] == [(START + 120 * MINUTE, 1.0), (START + 121 * MINUTE, 1.0)]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([(1, 0), (0, 0)], r"bar//1m row 2: A: ts goes back .* rows of a panel lie by ts"),
        ([(1, 1), (1, 0)], r"bar//1m row 2: A comes after B of the same ts"),
        ([(1, 0), (1, 0)], r"bar//1m row 2: A: open_time .* is there a second time"),
        ([(1, 0), (2, 7)], r"bar//1m row 2: column 'symbol' has code 7, of which the stream gives no text"),
    ],
)
def test_a_panel_out_of_order_is_refused(rows, message):
    with pytest.raises(HqError, match=message):
        through(Stage, panel(["A", "B"], rows))


@pytest.mark.parametrize(
    "make",
    [Stage, FILTERS["indicators"], FILTERS["signal"], lambda: Aggregate("5m"), lambda: Aggregate("5m", lateness="1m")],
)
def test_a_row_without_a_symbol_is_refused_after_those_before_it(make):
    data = panel(["A", "", "B"], [(0, 0), (1, 0), (2, 1), (2, 2)])
    good = panel(["A", "", "B"], [(0, 0), (1, 0)])
    with pytest.raises(HqError, match="frame at byte [0-9]+ has a row of bar//1m without a symbol, row 3 in it") as no:
        through(make, data)
    assert no.value.code == DATA
    before = promises.said_before_it_breaks(promises.run(make(), data, break_ok=True))
    if make().panels == "whole":  # others wait for a later ts
        assert before == promises.said(promises.run(make(), good))[0]


@pytest.mark.parametrize("make", [Stage, FILTERS["indicators"], FILTERS["signal"], lambda: Aggregate("5m", slack="0s")])
def test_an_empty_symbol_that_no_row_has_is_nothing(make, tmp_path):
    """The saved order of a panel has an entry of its own, where a symbol without a name would stand."""
    with_it = [panel(["", "A"], [(at, 1) for at in hours]) for hours in (range(6), range(6, 12))]
    without = [panel(["A"], [(at, 0) for at in hours]) for hours in (range(6), range(6, 12))]
    found = [
        b"".join(through(make, half, State(str(tmp_path / name), 0, {})) for half in halves)
        for name, halves in (("with", with_it), ("without", without))
    ]
    assert said(found[0]) == said(found[1])


def test_small_frames_of_a_panel_are_given_to_the_stage_together():
    """Counted, not timed: what a call costs for each symbol is paid once for all the frames of a read."""

    class Counted(Stage):
        def rows(self, batch: Batch) -> None:
            calls.append(batch.n)
            super().rows(batch)

    calls: list[int] = []
    whole = merged(*streams({symbol: dict.fromkeys(range(300), 100.0) for symbol in "ABC"}))
    small = recut(whole, range(1, 900))
    assert said(through(Counted, small)) == said(whole)
    assert (sum(calls), len(calls)) == (900, 1)


@pytest.mark.parametrize("name", ["signal", "signal of a pair", "indicators of another symbol"])
def test_time_is_told_only_to_symbols_that_read_another_series(name, monkeypatch):
    """Counted, not timed: thousands of symbols that read their own rows cost a mark nothing."""
    told = []
    before = Unit.mark
    monkeypatch.setattr(Unit, "mark", lambda self, ts, out: told.append(ts) or before(self, ts, out))
    panel_ = merged(*streams({symbol: dict.fromkeys(range(9), 100.0) for symbol in "ABC"}))
    through(FILTERS[name], panel_)
    whole = len(told)
    assert whole == 0 if name == "signal" else whole > 3  # the end of the input is told to each that may wait


def test_rows_of_a_panel_held_back_come_before_what_follows_them():
    schema, rows = panel_rows([(0, 0), (0, 1), (1, 0), (2, 1)])
    texts = {"kind": "strings", "of": "bar//1m", "col": "symbol", "values": ["A", "B"]}
    parts = [
        (schema, []),
        texts,
        (schema, rows[:1]),
        (schema, rows[1:2]),
        {"kind": "note", "ts": START + MINUTE},
        (schema, rows[2:]),
        {"kind": "mark", "ts": START + 9 * MINUTE},
    ]
    data = frames(*parts)
    kinds = [
        kind if kind == "rows" else item.get("kind", kind) if isinstance(item, dict) else kind
        for kind, item in items(through(Stage, data))
        if kind != "schema"
    ]
    assert [kind for kind in kinds if kind in ("rows", "note", "mark")] == ["rows", "note", "rows", "mark"]


@pytest.mark.parametrize("name", FILTERS)
def test_texts_that_come_before_the_panel_is_announced_are_its_own(name):
    """Those of symbols without rows too: what is written has codes of its own, behind which other texts stand."""
    early, late = (through(FILTERS[name], panel(["A", "B"], [(0, 1), (1, 1)], early)) for early in (True, False))
    assert said(early) == said(late)
    assert list(said(merged(panel(["A", "B"], [(0, 1), (1, 1)])))[0]) == ["bar/B/1m"]


def panel(words, rows, early=True):
    """A panel's frames; `rows`: of each the number of its bar and the code of its symbol."""
    schema, made = panel_rows(rows)
    texts = {"kind": "strings", "of": "bar//1m", "col": "symbol", "values": words}
    return frames(texts, (schema, made)) if early else frames((schema, []), texts, (schema, made))


def panel_rows(rows):
    schema = Schema("bar", "", "1m", (BAR[0], ("symbol", "s4"), *BAR[1:]))
    return schema, [
        (START + MINUTE * (at + 1), code, START + MINUTE * at, 1.0, 2.0, 0.5, 1.0, 1.0) for at, code in rows
    ]
