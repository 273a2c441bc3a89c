"""hq-merge of series that change: other columns while rows wait, and forming rows, which may have any ts."""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

import frames
import pytest
from hypothesis import given
from hypothesis import strategies as st
from panel_runs import MINUTE, START, merged, recut
from test_merge_state import FEW, append, step

from hq_core.batch import Schema, told_apart
from hq_core.stages import merge
from hq_core.stream import waiting

NARROW = (("ts", "i8"), ("open_time", "i8"), ("close", "f8"), ("complete", "b1"))
WIDE = (*NARROW, ("more", "f8"))


class Row(NamedTuple):
    """A row by the number that stands in its close.

    marked  a mark is said before it, of this ts
    """

    ts: int
    number: int
    whole: bool
    wide: bool
    marked: int | None


steps = st.lists(
    st.tuples(
        st.integers(0, 3), st.integers(-9, 9), st.sampled_from([True, True, False]), st.booleans(), st.booleans()
    ),
    max_size=12,
)


def rows(steps_, number):
    """Rows of one series: complete ones rise, forming ones have any ts."""
    at, found = 1, []
    for up, any_, whole, wide, marks in steps_:
        at += max(up, marks) if whole else 0
        ts = at if whole else at + any_
        number += 1
        marked = START + at * MINUTE if marks and whole else None
        found.append(Row(START + ts * MINUTE, number, whole, wide, marked))
    return found


def stream(symbol, given_, each=0, marks=True):
    pieces = []
    for (wide, marked), some in groupby(given_, lambda row: (row.wide, row.marked)):
        schema = Schema("bar", symbol, "1m", WIDE if wide else NARROW)
        values = [(r.ts, START + r.number, float(r.number), r.whole, 0.5)[: len(schema.cols)] for r in some]
        pieces += [{"kind": "mark", "ts": marked}] if marked is not None and marks else []
        pieces.append((schema, values))
    return frames.frames(*(pieces or [(Schema("bar", symbol, "1m", NARROW), [])]), each=each)


def instants(given_, marks=True):
    """Where each row stands, by its number: a forming one at its ts, but between the complete ones around it."""
    found, at = {}, START - 99 * MINUTE
    for i, row in enumerate(given_):
        said = [one.marked for one in given_[: i + 1] if one.marked is not None and marks]
        at = row.ts if row.whole else max(at, row.ts, *said)
        found[row.number] = at
        later = [one.ts for one in given_[i:] if one.whole]
        if later:
            found[row.number] = min(at, later[0])
            at = found[row.number]
    return found


def numbers(data):
    """The numbers of the rows as they lie in the stream, with their symbols; by series, and by panel."""
    series, panels = {}, {}
    for kind, item in frames.items(data):
        if kind == "rows":
            symbols = item.words("symbol") if item.schema.panel else [item.schema.symbol] * item.n
            for symbol, number, ts in zip(symbols, item.view("close").tolist(), item.view("ts").tolist()):
                series.setdefault(symbol, []).append((number, ts, item.schema.has("more")))
                panels.setdefault(told_apart(item.schema), []).append((symbol, int(number)))
    return series, panels


markets = st.fixed_dictionaries(dict.fromkeys("ABC", steps))


@pytest.mark.parametrize("series", [False, True])
@FEW
@given(market=markets, each=st.integers(0, 3), together=st.sampled_from([1, 200, waiting.TOGETHER]))
def test_each_series_keeps_its_rows_and_stands_among_the_others_by_them(series, market, each, together):
    given_ = {symbol: rows(some, 100 * at) for at, (symbol, some) in enumerate(market.items())}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(waiting, "TOGETHER", together)
        data = merged(*(stream(symbol, some, each) for symbol, some in given_.items()), series=series)
    found, panels = numbers(data)
    assert found == {symbol: [(r.number, r.ts, r.wide) for r in some] for symbol, some in given_.items() if some}
    where = {}
    for some in given_.values():
        where |= instants(some)
    if not series:
        for order in panels.values():
            places = [(where[number], symbol) for symbol, number in order]
            assert places == sorted(places)


@pytest.mark.parametrize("series", [False, True])
@FEW
@given(market=markets, cuts=st.lists(st.tuples(*[st.integers(0, 12)] * 3), max_size=3))
def test_a_run_that_goes_on_gives_what_one_run_does(series, market, cuts, tmp_path_factory):
    folder = tmp_path_factory.mktemp("merge")
    given_ = {symbol: rows(some, 100 * at) for at, (symbol, some) in enumerate(market.items())}
    files = [folder / symbol for symbol in given_]
    ends = [sorted(cut[at] for cut in cuts) for at in range(3)]
    for number in range(len(cuts) + 1):
        for file, of, some in zip(files, ends, given_.values()):
            edges = [0, *of, 99]
            append(file, stream(file.name, some[edges[number] : edges[number + 1]]))
        step(files, folder / "s", folder / "out", series=series)
    found = step(files, folder / "s", folder / "out", series=series, final=True)
    assert numbers(found) == numbers(merged(*(file.read_bytes() for file in files), series=series))


@FEW
@given(market=markets, cut=st.integers(0, 12))
def test_panels_with_other_columns_behind_each_other_are_merged(market, cut):
    given_ = {symbol: rows(some, 100 * at) for at, (symbol, some) in enumerate(market.items())}
    given_ = {symbol: [row for row in some if row.whole] for symbol, some in given_.items()}
    at = START + cut * MINUTE
    parts = [
        merged(
            *(
                stream(symbol, [r._replace(wide=wide) for r in some if (r.ts < at) != wide], marks=False)
                for symbol, some in given_.items()
            )
        )
        for wide in (False, True)
    ]
    whole = merged(b"".join(parts), series=True)
    assert numbers(whole)[0] == {
        symbol: [(r.number, r.ts, r.ts >= at) for r in some] for symbol, some in given_.items() if some
    }


def test_a_panel_whose_columns_change_holds_nothing_back():
    """Its first form has ended: another input's rows need not wait for more of it."""
    parts = []
    for wide in (False, True):
        some = [Row(START + MINUTE * (1 + at + 900 * wide), at + 900 * wide, True, wide, None) for at in range(900)]
        parts.append(recut(merged(stream("A", some), stream("B", some)), range(0, 1800, 20)))
    other = stream("C", [Row(START + MINUTE * (1 + at), at, True, False, None) for at in range(1800)], 10)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(merge, "MOST_WAITING", 20_000)
        patch.setattr(merge, "AT_ONCE", 4)
        found = numbers(merged(b"".join(parts), other))[0]
    assert {symbol: len(some) for symbol, some in found.items()} == {"A": 1800, "B": 1800, "C": 1800}


def test_columns_that_change_at_one_ts_keep_the_order_of_both_panels():
    """A turns wide at the ts at which B turns narrow: symbol by symbol both panels stay in order."""
    turn = {"A": (False, True), "B": (True, False)}
    inputs = [
        stream(symbol, [Row(START, 2 * at + n, True, wide, None) for n, wide in enumerate(turn[symbol])])
        for at, symbol in enumerate(turn)
    ]
    series, panels = numbers(merged(*inputs))
    assert [[number for number, *_ in some] for some in series.values()] == [[0, 1], [2, 3]]
    assert sorted(panels.values()) == [[("A", 0), ("B", 3)], [("A", 1), ("B", 2)]]
    assert numbers(merged(merged(*inputs))) == (series, panels)


def test_forming_rows_say_nothing_of_time():
    """A forming row from tomorrow lets nothing go, one from yesterday is in nobody's way."""
    first = [Row(START + MINUTE, 1, True, False, None), Row(START + 99 * MINUTE, 2, False, False, None)]
    first.append(Row(START + 3 * MINUTE, 3, True, False, None))
    other = [Row(START + MINUTE * at, 10 + at, True, False, None) for at in (1, 2, 4)]
    other.append(Row(START - 99 * MINUTE, 20, False, False, None))
    _, panels = numbers(merged(stream("A", first), stream("B", other)))
    assert [number for _, number in next(iter(panels.values()))] == [1, 11, 12, 2, 3, 14, 20]
