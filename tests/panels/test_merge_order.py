"""The order at one ts: what holds for all bars, coarser periods, the kinds' order, symbols, whoever comes first."""

from __future__ import annotations

import os
from operator import itemgetter

import pytest
from frames import frames, items
from hypothesis import given, settings
from hypothesis import strategies as st
from panel_runs import MINUTE, START, merged, recut

from hq_core.batch import Schema

FEW = settings(max_examples=int(os.environ.get("HQ_FUZZ", "40")))
LENGTHS = {"": 0, "1m": 60, "5m": 300, "1h": 3600}
KINDS = ["universe", "funding", "mark_price", "index_price", "quote", "book", "trade", "order", "bar"]  # the contract's
COLUMNS = (("ts", "i8"), ("price", "f8"))
PANEL = (("ts", "i8"), ("symbol", "s4"), ("price", "f8"))

names = st.tuples(
    st.sampled_from(["trade", "funding", "quote", "index_price", "zzz", "alpha"]),
    st.sampled_from(["A", "B", "AB", "a", "É"]),
    st.sampled_from([*LENGTHS]),
)
markets = st.dictionaries(names, st.sets(st.integers(0, 12), min_size=1), min_size=1, max_size=9)


def place(row):
    ts, of, symbol, period = row
    told = of in KINDS[: KINDS.index("quote") if period else KINDS.index("trade")]  # before all bars traded with it
    return ts, not told, -LENGTHS[period], KINDS.index(of) if of in KINDS else len(KINDS), of, symbol


def rows(data):
    """(ts, kind, symbol, period) of all rows, those of one ts as they stand in the stream."""
    found = []
    for kind, item in items(data):
        if kind == "rows":
            of, symbol, period = item.schema.of, item.schema.symbol, item.schema.period
            symbols = item.words("symbol") if item.schema.panel else [symbol] * item.n
            found += [(ts, of, symbol, period) for ts, symbol in zip(item.view("ts").tolist(), symbols)]
    return sorted(found, key=itemgetter(0))


def alone(name, times):
    of, symbol, period = name
    return frames((Schema(of, symbol, period, COLUMNS), [(START + MINUTE * at, 1.0) for at in sorted(times)]))


@pytest.mark.parametrize("series", [False, True])
@FEW
@given(market=markets, turn=st.randoms(use_true_random=False), cuts=st.lists(st.integers(1, 60), max_size=8))
def test_rows_of_one_ts_lie_as_the_contract_has_them(series, market, turn, cuts):
    inputs = [alone(name, times) for name, times in market.items()]
    turn.shuffle(inputs)
    expected = sorted(((START + MINUTE * at, *name) for name, times in market.items() for at in times), key=place)
    once = merged(*inputs, series=series)
    for given_ in (once, merged(recut(once, cuts), series=series), merged(recut(once, cuts), series=not series)):
        assert rows(given_) == expected


def panel(of):
    """A panel, the frame that tells the texts from a code on, and rows as (minute, code)."""
    schema = Schema(of, "", "", PANEL)

    def told(*later):
        return {"kind": "strings", "of": schema.key, "col": "symbol", "values": list(later)}

    return told, lambda *made: (schema, [(START + MINUTE * at, code, 1.0) for at, code in made])


def test_a_symbol_that_comes_late_stands_where_its_name_does():
    told, trades = panel("trade")
    late = frames(told("B"), trades((1, 0)), told("A"), trades((2, 1), (2, 0), (3, 1)))
    assert [((ts - START) // MINUTE, symbol) for ts, _, symbol, _ in rows(merged(late, series=True))] == [
        (1, "B"),
        (2, "A"),
        (2, "B"),
        (3, "A"),
    ]


def test_a_kind_that_comes_late_stands_where_kinds_do():
    (told, trades), (known, rates) = panel("trade"), panel("funding")
    late = frames(told("A"), trades((1, 0)), known("A"), rates((2, 0)), trades((2, 0), (3, 0)))
    assert [row[1] for row in rows(merged(late))] == ["trade", "funding", "trade", "trade"]
