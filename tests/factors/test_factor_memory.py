"""What factors keep: no more after the warm-up however many events come; no bit of a saved state may change."""

from __future__ import annotations

import random
import tracemalloc
from fractions import Fraction

import pytest
from book_runs import Market, batch_of, some_events

from hq_core import VERSION, statefile
from hq_core.errors import DATA, HqError
from hq_core.jit import address_of
from hq_core.stages.factors import Factors

SPECS = [
    "mid",
    "spread",
    "micro",
    "imbalance:5",
    "tfi:60s",
    "vwap:60s",
    "ofi_cks:10s",
    "rvol:60s",
    "kyle:60s",
    "slope:3",
]


class Nowhere:
    """Takes rows into one memory and forgets them."""

    def __init__(self) -> None:
        self._memory = bytearray(1 << 22)

    def series(self, schema):
        self._schema = schema
        return schema

    def rows(self, series, n):
        return list(series.places(address_of(self._memory), n))

    def commit(self, series, n):
        pass

    def map(self, frame):
        pass


def sizes(stage) -> list[dict[str, int]]:
    """Values that the tables of its one series have room for."""
    computed = next(iter(stage._units.values())).computed
    tables = [*(one for one, _ in computed.graph.growing), computed.events.book]
    return [{name: len(memory) for name, memory in one.items()} for one in tables]


def test_nothing_is_allocated_after_the_warm_up():
    """The same stretch of events again and again, each time later: windows of time turn over, the book is told anew."""
    events = some_events(random.Random(1), 4000, Market(Fraction(1, 10), Fraction(1, 1000), 20), tidy=True)
    length = events[-1].ts - events[0].ts + 10**9
    stage = Factors(*SPECS, tick="0.1", lot="0.001")
    stage.begin(Nowhere())
    schema = batch_of(events).schema
    stage.schema(schema)

    def again(k: int) -> None:
        stage.rows(batch_of([one._replace(ts=one.ts + k * length) for one in events]))

    for k in range(10):
        again(k)
    room = sizes(stage)
    traced = []
    tracemalloc.start()
    try:
        for k in range(10, 70):
            again(k)
            if k in (19, 69):
                traced.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert sizes(stage) == room  # no window, no book has more
    # nor does anything else hold more, behind 50 batches: where columns lie is kept for 64 numbers of rows at most, and
    # the batch that came last may still be held, or not
    assert traced[1] - traced[0] < 8192 + batch_of(events).size


def test_a_flipped_bit_anywhere_in_a_state_is_refused(tmp_path):
    events = some_events(random.Random(2), 60, Market(Fraction(1, 10), Fraction(1, 1000), 6), tidy=True)
    stage = Factors("mid", "imbalance:3", "tfi:60s,least=2", tick="0.1", lot="0.001")
    stage.begin(Nowhere())
    batch = batch_of(events)
    stage.schema(batch.schema)
    stage.rows(batch)
    path = tmp_path / "s"
    rest = {
        "command": "hq-factors",
        "version": VERSION,
        "options": {},
        "inputs": {},
        "input": {"bytes": 0, "rows": 60, "ended": False, "format": "Reader", "source": {}},
        "output": {"bytes": 0, "closed": False},
        "section": 0,
        "dropped": {},
        "holes": {},
        "waiting": [],
        "order": {"series": {}, "panels": {}},
        "apart": False,
    }
    statefile.write(str(path), {**rest, "stage": stage.save()})
    whole = path.read_bytes()
    assert statefile.read(str(path))["stage"] == stage.save()
    rng = random.Random(3)
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << rng.randrange(8)]) + whole[at + 1 :])
        with pytest.raises(HqError) as refused:
            statefile.read(str(path))
        assert refused.value.code == DATA
