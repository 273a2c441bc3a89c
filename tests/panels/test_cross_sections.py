"""Cross-sections over panels: against a slow form, however the rows are cut, and never of a ts that is not whole."""

from __future__ import annotations

import math
import os
import random
from collections.abc import Callable, Iterable

import panel_runs
import pytest
from frames import frames, items, values
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from panel_runs import MINUTE, START, merged, through
from slow_across import over

import hq_core
from hq_core.batch import Batch, Schema
from hq_core.errors import HqError
from hq_core.flow import State
from hq_core.stream.handover import split
from hq_core.wire import Reader

FEW = settings(max_examples=int(os.environ.get("HQ_FUZZ", "25")), deadline=None)
NAN = math.nan
COLS = [("ts", "i8"), ("open_time", "i8"), *((name, "f8") for name in ("open", "high", "low", "close"))]
MORE = [("sector", "f8"), ("complete", "i1")]
SYMBOLS = "ABCDEFG"
# what is plotted: its expression, and of the slow form the function, what it reads, and whether by sector
PLOTS = {
    "rank": "RANK(x)",
    "rank_in": "RANK(x, by=sector)",
    "less": "DEMEAN(x)",
    "less_in": "DEMEAN(x, by=sector)",
    "z": "ZSCORE_CS(x)",
    "z_in": "ZSCORE_CS(x, sector)",
    "mean": "CS_MEAN(x, by=sector)",
    "total": "CS_SUM(x)",
    "number": "CS_COUNT(x, by=sector)",
    "nested": "RANK(DEMEAN(x, by=sector))",
    "before": "RANK(x)[1]",
    "summed": "ran",
}
TEXT = (
    "x = close - open\nVAR ran = ran[1] + NZ(RANK(x)) SEED 0\n"
    + "".join(f"PLOT({name}, {expr})\n" for name, expr in PLOTS.items())
    + "IF RANK(x) > 0.7 THEN BUY(META(rank=RANK(x)))\nIF ZSCORE_CS(x, by=sector) < -0.8 THEN SELL"
)


class Bar:
    """One row: which bar it is of, close less open, sector, and whether it is whole."""

    def __init__(self, symbol: str, at: int, x: float, sector: float, whole: bool = True) -> None:
        self.symbol, self.at, self.x, self.sector, self.whole = symbol, at, x, sector, whole

    def row(self) -> tuple[float, ...]:
        close = 8.0 + self.x  # open is 8, and all are multiples of a quarter
        ts = START + MINUTE * (self.at + 1)
        return (ts, ts - MINUTE, 8.0, 30.0, 0.0, close, self.sector, int(self.whole))


def make(text: str = TEXT, **options: object) -> Callable[[], hq_core.Signal]:
    return lambda: hq_core.Signal([("s", text, "s.hq")], **options)  # type: ignore[arg-type]


def series(bars: Iterable[Bar], wide: bool = False) -> list[bytes]:
    """A stream of each symbol."""
    by_symbol: dict[str, list[Bar]] = {}
    for bar in bars:
        by_symbol.setdefault(bar.symbol, []).append(bar)
    found = []
    for symbol, mine in sorted(by_symbol.items()):
        more = [*MORE, ("mine", "f8")] if wide and symbol in "BDF" else MORE
        rows = [(*bar.row(), *([1.0] if len(more) > len(MORE) else [])) for bar in mine]
        found.append(frames((Schema("bar", symbol, "1m", [*COLS, *more]), rows)))
    return found


# by symbol, of each bar: whether it is there, x in quarters or none, sector or none, whether a forming one comes before
market = st.dictionaries(
    st.sampled_from(SYMBOLS),
    st.lists(
        st.tuples(
            st.booleans(),
            st.one_of(st.none(), st.integers(-6, 6)),
            st.sampled_from((0.0, -0.0, 1.0, 2.0, None)),
            st.booleans(),
        ),
        min_size=1,
        max_size=8,
    ),
    min_size=1,
)


def bars_of(drawn: dict[str, list[tuple[bool, int | None, float | None, bool]]]) -> list[Bar]:
    found = []
    for symbol, each in sorted(drawn.items()):
        for at, (there, quarters, sector, forming) in enumerate(each):
            x = NAN if quarters is None else quarters / 4
            group = NAN if sector is None else sector
            if forming:
                found.append(Bar(symbol, at, 5.0, 1.0, False))
            if there:
                found.append(Bar(symbol, at, x, group))
    return found


# The slow form, by the names that the values are plotted under
WORDS = {"rank": "RANK", "less": "DEMEAN", "z": "ZSCORE_CS", "mean": "CS_MEAN", "total": "CS_SUM", "number": "CS_COUNT"}


def slow(bars: list[Bar]) -> dict[str, dict[str, list[float]]]:
    """The plotted columns of each symbol, of all rows up to the first whole one of the last ts."""
    whole = [bar for bar in bars if bar.whole]
    last = max((bar.at for bar in whole), default=-1)
    at_ts: dict[int, dict[str, dict[str, float]]] = {}
    for at in {bar.at for bar in whole}:
        now = sorted(((bar.symbol, bar.x, bar.sector) for bar in whole if bar.at == at), key=lambda one: one[0])
        every = [(symbol, x, 0.0) for symbol, x, _ in now]
        found = {
            name: over(WORDS[name.partition("_")[0]], now if "_in" in name else every)
            for name in PLOTS
            if name in ("rank", "rank_in", "less", "less_in", "z", "z_in", "total")
        }
        found["mean"], found["number"] = over("CS_MEAN", now), over("CS_COUNT", now)
        found["nested"] = over("RANK", [(symbol, found["less_in"][symbol], 0.0) for symbol, _, _ in now])
        at_ts[at] = found
    written: dict[str, dict[str, list[float]]] = {}
    for symbol in sorted({bar.symbol for bar in bars}):
        columns = written.setdefault(symbol, {name: [] for name in PLOTS})
        before, ran = NAN, 0.0
        for bar in (bar for bar in bars if bar.symbol == symbol):
            if bar.at >= last and bar.whole:
                break
            known = at_ts[bar.at] if bar.whole else {}
            rank = known["rank"][symbol] if bar.whole else NAN
            now = ran + (0.0 if math.isnan(rank) else rank)
            for name in PLOTS:
                one = {"before": before, "summed": now}.get(name)
                columns[name].append(one if one is not None else known[name][symbol] if bar.whole else NAN)
            if bar.whole:
                before, ran = rank, now
    return written


def plotted(data: bytes, names: Iterable[str] = PLOTS) -> dict[str, dict[str, list[float]]]:
    found: dict[str, dict[str, list[float]]] = {}
    for item in split(Reader(panel_runs.descriptor(data))):
        if isinstance(item, Batch) and item.schema.of == "bar":
            held = found.setdefault(item.schema.symbol, {name: [] for name in names})
            for name in names:
                held[name] += values(item, name)
    return found


def exactly(found: dict[str, dict[str, list[float]]]) -> object:
    """As texts, so that nan is nan; symbols without rows are none."""
    texts = {symbol: {name: list(map(repr, one)) for name, one in held.items()} for symbol, held in found.items()}
    return {symbol: held for symbol, held in texts.items() if any(held.values())}


def cut(found: dict[str, dict[str, list[float]]], rows: dict[str, int]) -> dict[str, dict[str, list[float]]]:
    """The first rows of each symbol, so many."""
    return {symbol: {name: one[: rows.get(symbol, 0)] for name, one in held.items()} for symbol, held in found.items()}


def ordered(data: bytes) -> list[tuple[str, ...]]:
    """The orders by symbol, as texts."""
    found = []
    for item in split(Reader(panel_runs.descriptor(data))):
        if isinstance(item, Batch) and item.schema.of == "order":
            columns = [values(item, name) for name in ("ts", "id", "side", "action", "meta.rank")]
            found += [(item.schema.symbol, *map(repr, row)) for row in zip(*columns)]
    return sorted(found)


def rows_of(found: dict[str, dict[str, list[float]]]) -> dict[str, int]:
    return {symbol: len(held["rank"]) for symbol, held in found.items()}


@FEW
@given(drawn=market, cuts=st.lists(st.integers(1, 60), max_size=6), wide=st.booleans())
def test_values_are_those_of_the_slow_form(drawn, cuts, wide):
    """Also where symbols of other columns are a panel of their own: all of one name are one cross-section."""
    bars = bars_of(drawn)
    assume(bars)
    data = panel_runs.recut(merged(*series(bars, wide)), cuts)
    found = plotted(through(make(), data))
    want = slow(bars)
    # forming rows behind a symbol's last whole row may wait with rows of others, or not
    rows = {symbol: len(found.get(symbol, {}).get("rank", ())) for symbol in want}
    assert exactly(found) == exactly(cut(want, rows))
    last = max((bar.at for bar in bars if bar.whole), default=-1)
    for symbol in want:
        assert rows[symbol] >= sum(bar.whole and bar.at < last for bar in bars if bar.symbol == symbol)


@FEW
@given(drawn=market, first=st.integers(0, 6), wide=st.booleans(), chance=st.randoms(use_true_random=False))
def test_what_comes_later_never_changes_a_value(drawn, first, wide, chance):
    """The rows from a bar on left out, or other ones in their place: those before are the same, bit for bit."""
    bars = bars_of(drawn)
    before = [bar for bar in bars if bar.at < first]
    assume(before)
    wild = (NAN, 1e308, -1e308, math.inf, 0.0)
    after = [
        Bar(bar.symbol, bar.at, chance.choice(wild), chance.choice((1.0, NAN)), bar.whole)
        for bar in bars
        if bar.at >= first
    ]
    found = [plotted(through(make(), merged(*series(some, wide)))) for some in (before, bars, before + after)]
    rows = rows_of(found[0])
    for other in found[1:]:
        assert exactly(cut(other, rows)) == exactly(found[0])


@FEW
@given(drawn=market, points=st.lists(st.integers(0, 8), max_size=3), wide=st.booleans(), each=st.booleans())
def test_runs_that_go_on_give_what_one_run_gives(drawn, points, wide, each, tmp_path_factory):
    """Rows of a ts that is not whole wait in the state; `each`: the columns of symbols change from run to run."""
    bars = bars_of(drawn)
    assume(bars)
    state = str(tmp_path_factory.mktemp("state") / "s")
    ends = [*sorted(points), 99]
    parts = [[bar for bar in bars if start <= bar.at < end] for start, end in zip([0, *ends], ends)]
    pieces = [merged(*series(part, wide and not (each and turn % 2))) for turn, part in enumerate(filter(None, parts))]
    runs = b"".join(through(make(), piece, State(state, 0, {})) for piece in pieces)
    whole = through(make(), b"".join(pieces))
    found, want = plotted(runs), plotted(whole)  # the last ts waits in the state
    assert exactly(cut(want, rows_of(found))) == exactly(found)
    assert [one for one in ordered(whole) if one in ordered(runs)] == ordered(runs)
    if not wide:  # else rows wait for a panel that may come again
        assert rows_of(want) == rows_of(found)


@FEW
@given(drawn=market)
def test_a_mark_says_that_a_ts_is_whole(drawn):
    """All rows come out, and so do the orders, each before its bar."""
    bars = [bar for bar in bars_of(drawn) if bar.whole]
    assume(bars)
    data = merged(*series(bars))
    last = max(bar.at for bar in bars)
    pieces = [
        (item.schema, list(zip(*(item.view(name).tolist() for name in item.schema.names)))) if kind == "rows" else item
        for kind, item in items(data)
        if kind == "rows" or isinstance(item, dict) and item["kind"] == "strings"
    ]
    head = next(item for kind, item in items(data) if kind == "schema")
    marked = frames((head, []), *pieces, {"kind": "mark", "ts": START + MINUTE * (last + 1) + 1})
    found = plotted(through(make(), marked))
    more = Bar("A", last + 1, 0.0, 0.0)
    assert exactly(found) == exactly(slow([*bars, more]))


@pytest.mark.parametrize("seed", range(3))
def test_larger_panels_are_the_slow_form_s(seed):
    """Enough symbols that they are sorted in several passes, and ties among them."""
    chance = random.Random(seed)
    symbols = [f"S{number:03}" for number in range(150)]
    bars = [
        Bar(symbol, at, chance.randint(-40, 40) / 4, chance.choice((1.0, 2.0, 3.0, NAN)))
        for symbol in symbols
        for at in range(6)
        if chance.random() < 0.9
    ]
    assert exactly(plotted(through(make(), merged(*series(bars))))) == exactly(slow(bars))


def test_sums_are_taken_in_the_order_of_symbols_whatever_order_they_were_announced_in():
    values_ = [0.1, 1e16, -1e16, 0.3, 7.7]
    text = "PLOT(total, CS_SUM(close))"
    found = []
    for order in (list("ABCDE"), list("CADBE")):
        streams = {s: panel_runs.bars(s, {0: v, 1: v}) for s, v in zip("ABCDE", (1e16, 3.3, 0.1, 7.7, 0.2))}
        found.append(plotted(through(make(text), merged(*(streams[s] for s in order))), ["total"]))
    assert found[0] == found[1]
    assert found[0]["A"]["total"] == [1e16 + 3.3 + 0.1 + 7.7 + 0.2]
    assert values_


def test_one_symbol_by_itself_is_a_panel_of_one():
    stream = panel_runs.bars("A", {at: 90.0 + at for at in range(5)})
    text = "PLOT(r, RANK(close))\nPLOT(d, DEMEAN(close))\nPLOT(z, ZSCORE_CS(close))\nPLOT(n, CS_COUNT(close))"
    names = ("r", "d", "z", "n")
    alone = plotted(through(make(text), stream), names)
    panel = plotted(through(make(text), merged(stream)), names)
    assert alone["A"] == {"r": [1.0] * 5, "d": [0.0] * 5, "z": pytest.approx([NAN] * 5, nan_ok=True), "n": [1.0] * 5}
    assert {name: list(map(repr, one)) for name, one in panel["A"].items()} == {
        name: list(map(repr, one[:4])) for name, one in alone["A"].items()
    }


@pytest.mark.parametrize(
    ("text", "data", "says"),
    [
        (
            "IF RANK(close) > 0.5 THEN BUY",
            "series",
            r"s.hq:1:4: RANK looks over the symbols of one panel, and bar/B/1m comes by",
        ),
        (
            "x = close@5m\nIF RANK(close) > x THEN BUY",
            "panel",
            r"s.hq:1:5: RANK looks over the symbols of a panel; beside it nothing is read with '@': hq-indicators",
        ),
        (
            "VAR v = RANK(v[1]) SEED 0\nPLOT(a, v)",
            "panel",
            r"s.hq:1:9: RANK sees all symbols, and a VAR's last value is",
        ),
        ("IF RANK(close > 1) > 0.5 THEN BUY", "panel", r"a bool is no number"),
        ("IF RANK(1) > 0.5 THEN BUY", "panel", r"RANK wants a series"),
        ("IF RANK(close) > 0 THEN BUY(META(of=symbol))", "panel", r"s.hq:1:37: META .* 'symbol' is a column of texts"),
        ("IF RANK(close, by=sektor) > 0.5 THEN BUY", "panel", r"unknown name 'sektor'"),
    ],
)
def test_what_cannot_be_is_said_with_its_place(text, data, says):
    streams = [panel_runs.bars(symbol, {0: 96.0, 1: 99.0}) for symbol in "AB"]
    with pytest.raises(HqError, match=says):
        through(make(text), merged(*streams, series=data == "series"))


def test_what_another_series_says_comes_as_a_column_of_a_filter_before():
    closes = {"A": {0: 5.0, 1: 7.0, 3: 2.0}, "B": {0: 1.0, 1: 9.0, 2: 4.0, 3: 3.0}}
    data = merged(*(panel_runs.bars(symbol, each) for symbol, each in closes.items()))
    before = through(lambda: hq_core.Indicators(["sma:2(close@A)", "sma:1(close@A)"]), data)
    found = plotted(
        through(make("PLOT(r, RANK(close))\nPLOT(a, `sma_1_close@A`)\nPLOT(m, `sma_2_close@A`)"), before), "ram"
    )
    # the rows of the last ts wait for their ts to be whole
    assert exactly(found) == exactly(
        {
            "A": {"r": [1.0, 0.5], "a": [5.0, 7.0], "m": [NAN, 6.0]},
            "B": {"r": [0.5, 1.0, 1.0], "a": [5.0, 7.0, 7.0], "m": [NAN, 6.0, 6.0]},
        }
    )


def test_rows_of_a_ts_that_was_whole_are_refused():
    early = merged(*series([Bar("A", at, 1.0, 1.0) for at in range(3, 6)]))
    late = merged(*series([Bar("B", at, 1.0, 1.0) for at in range(3)], wide=True))  # a panel of other columns
    with pytest.raises(HqError, match="were whole, so that its cross-section lacks it; hq-merge"):
        through(make("IF RANK(close) > 0.5 THEN BUY"), early + late)


def test_what_waits_is_bounded(monkeypatch):
    monkeypatch.setattr("hq_core.series.cross.WAITING", 3)
    schema = Schema("bar", "", "1m", [COLS[0], ("symbol", "s4"), *COLS[1:], MORE[0]])
    texts = {"kind": "strings", "of": "bar//1m", "col": "symbol", "values": list(SYMBOLS)}
    rows = [(START, code, START - MINUTE, 8.0, 9.0, 7.0, 8.0, 1.0) for code in range(len(SYMBOLS))]
    with pytest.raises(HqError, match="7 rows wait for a later ts in all panels of that name, or a mark"):
        through(make("IF RANK(close) > 0.5 THEN BUY"), frames((schema, []), texts, *((schema, [row]) for row in rows)))


def test_symbols_of_finer_bars_beside_those_of_none_have_no_base():
    streams = [
        panel_runs.bars("A", {0: 9.0, 1: 9.0}),
        panel_runs.bars("A", {0: 9.0}, "2m", 2 * MINUTE),
        panel_runs.bars("B", {0: 9.0}, "2m", 2 * MINUTE),
    ]
    text = "IF RANK(close) > 0.5 THEN BUY"
    with pytest.raises(HqError, match="some have finer bars and others have none"):
        through(make(text), merged(*streams))
    through(make(text, period="2m"), merged(*streams))
