"""The book pass, against a dict of levels that is searched at every event."""

from __future__ import annotations

import os
import random

import pytest
from book_runs import EXCH, LOCAL, Passed, some_events, some_market
from slow_book import SlowBook

FULL = os.environ.get("HQ_TRIALS") == "full"
ROUNDS = 500 if FULL else 12  # of 2,000 events each
VIEWS = {"local": LOCAL, "exch": EXCH}


def slow_rows(events, market, view="local"):
    book = SlowBook(*market.steps, VIEWS[view], market.by_order)
    return [row for one in events if (row := book.event(one.ev, one.px, one.qty, one.order_id, one.ival)) is not None]


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_random_events(seed):
    rng = random.Random(int(os.environ.get("HQ_SEED", "1")) + seed)
    market, view = some_market(rng), rng.choice(["local", "exch"])
    events = some_events(rng, 2_000, market)
    passed, found, start = Passed(market, view), [], 0
    while start < len(events):
        size = rng.choice([1, 2, 7, 100, 1000])
        found += passed.rows(events[start : start + size])
        start += size
        if rng.random() < 0.2:
            passed.again()
    assert found == slow_rows(events, market, view)
    whole = Passed(market, view)
    assert whole.rows(events) == found
    assert whole.book.save() == passed.book.save()
