"""Factors called event by event from outside are the rows that hq-factors writes."""

from __future__ import annotations

import random
from array import array
from fractions import Fraction

import pytest
from book_runs import Market, batch_of, some_events
from factor_runs import bits, factors

from hq_core.errors import DATA, HqError
from hq_core.factoring.inside import COLUMNS, Inside

SPECS = ["mid", "spread", "micro", "imbalance:5", "imbalance:levels=3", "tfi:3s,least=2", "vwap:3s,least=2", "rvol:9s"]


def test_event_by_event():
    events = some_events(random.Random(4), 400, Market(Fraction(1, 10), Fraction(1, 1000), 6), tidy=True)
    inside = Inside(SPECS, "0.1", "0.001", len(events))
    taken = inside.taken(batch_of(events, "X"))
    real = memoryview(inside.row).cast("b").cast("d")
    found = []
    for i in range(len(taken["ts"])):
        for at, (name, kind) in enumerate(COLUMNS.items()):
            (real if kind == "f8" else inside.row)[at] = taken[name][i]
        inside.call(inside.address)
        found.append(tuple(inside.values))
    wanted = factors(events, *SPECS)
    assert len(found) == len(wanted) > 300
    assert bits(found) == bits([tuple(row[name] for name in inside.names) for row in wanted])
    assert isinstance(inside.values, array)


def test_a_price_off_the_tick_is_refused():
    events = some_events(random.Random(4), 40, Market(Fraction(1, 10), Fraction(1, 1000), 6), tidy=True)
    with pytest.raises(HqError, match="off the tick") as caught:
        Inside(["mid"], "0.7", "0.001", 40).taken(batch_of(events, "X"))
    assert caught.value.code == DATA
