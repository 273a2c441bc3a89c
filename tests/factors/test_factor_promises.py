"""Rows of factors are the same bits however the events are cut, and where a state is taken up between them."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from book_runs import EXCH, LOCAL, Event, Market, some_events
from factor_runs import begun, bits, factors, give

from hq_core.factoring import FACTORS
from hq_core.saved import shaped
from hq_core.stages.factors import Factors

SHORT = {"window": "3s", "least": 2, "volume": 0.0625, "buckets": 3, "depth": 4, "horizon": "1s", "halflife": "1s"}
EVERY = [
    f"{name}:{','.join(f'{param}={SHORT[param]}' for param in FACTORS.load(name).params if param in SHORT)}".rstrip(":")
    for name in FACTORS.names()
    if name != "ofi"
] + ["imbalance:levels=3"]
OPTIONS = [
    {},
    {"trigger": "bbo,trade"},
    {"trigger": "every:700ms"},
    {"trigger": "instant"},
    {"trigger": "trade,instant", "long": True, "min_change": 0.1},
    {"trigger": "depth,every:1s", "warmup": "20s"},
    {"min_interval": "2s", "min_change": 0.01},
    {"long": True, "min_interval": "1s"},
    {"long": True, "trigger": "trade,every:3s", "min_change": 0.5, "warmup": "5s"},
]


def market(seed: int, by_order: bool = False, n: int = 160) -> list[Event]:
    return some_events(random.Random(seed), n, Market(Fraction(1, 10), Fraction(1, 1000), 6, by_order))


def run(parts: list[list[Event]], again: bool = False, **options):
    """The rows where events come in these parts; again: another stage takes up the state between them."""
    stage, kept = begun(EVERY, **options)
    for i, part in enumerate(parts):
        if again and i:
            saved = shaped(stage.save(), Factors.SHAPE)
            stage, _ = begun(EVERY, **options)
            stage.begin(kept)
            stage.load(saved)
            assert stage.save() == saved
        give(stage, part)
    return bits(kept.rows_of.get("factor/BTCUSDT/", []))


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("by_order", [False, True])
def test_any_cut_gives_the_same_bits(options, by_order):
    events = market(3, by_order)
    whole = run([events], **options)
    assert whole
    assert run([[one] for one in events], **options) == whole
    for at in range(0, len(events), 7):
        parts = [events[:at], events[at:]]
        assert run(parts, **options) == whole, at
        assert run(parts, again=True, **options) == whole, at


def test_many_events_go_by_in_pieces():
    events = market(4, n=3000) * 1
    long = [one._replace(ts=one.ts + k * 10**13) for k in range(7) for one in events]
    whole = run([long], trigger="event,every:1h")
    assert run([long[:5], long[5:9000], long[9000:]], again=True, trigger="event,every:1h") == whole


def test_rows_of_the_prefix_are_the_prefix_of_the_rows():
    events = market(5)
    whole = run([events])
    for at in (1, 50, 159):
        assert whole[: len(run([events[:at]]))] == run([events[:at]])


def test_symbols_between_each_other_change_nothing():
    a, b = market(6), market(7)
    stage, kept = begun(EVERY)
    for i in range(0, 160, 13):
        give(stage, a[i : i + 13], "A")
        give(stage, b[i : i + 13], "B")
    for symbol, events in (("A", a), ("B", b)):
        assert bits(kept.rows_of[f"factor/{symbol}/"]) == run([events])


def test_what_only_the_exchange_knows_gives_nothing():
    events = [one._replace(ev=one.ev & ~LOCAL | EXCH) for one in market(8)]
    assert factors(events, "mid", "tfi:1s") == []
    assert len(factors(events, "mid", view="exch")) > 100


def test_a_mark_lets_the_clock_go_on():
    events = market(9, n=20)
    stage, kept = begun(["mid"], trigger="every:1s")
    give(stage, events)
    before = len(kept.rows_of.get("factor/BTCUSDT/", []))
    stage.mark(events[-1].ts + 5 * 10**9)
    rows = kept.rows_of["factor/BTCUSDT/"]
    assert len(rows) - before == 5
    assert [row[0] % 10**9 for row in rows] == [0] * len(rows)
