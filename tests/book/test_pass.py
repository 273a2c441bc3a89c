"""The book pass, against a dict of levels that is searched at every event."""

from __future__ import annotations

import contextlib
import os
import random
from array import array

import pytest
from book_runs import BUY, EXCH, LOCAL, SELL, START, Event, Market, Passed, some_events, some_market
from slow_book import SlowBook

from hq_core.book.book import Book
from hq_core.saved import Damaged

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


def events_of(ticks):
    """Levels come, and go again in another order, on both sides of ticks of 1."""
    rng = random.Random(1)
    found = [Event(START, EXCH | LOCAL | rng.choice((BUY, SELL)) | 1, START, float(tick), 1.0) for tick in ticks]
    gone = [one._replace(qty=0.0) for one in found]
    rng.shuffle(gone)
    return found + gone


@pytest.mark.parametrize("reach", [40, 5_000, 10**6, 2**46, 2**47 - 1])
def test_levels_however_far_apart(reach):
    """Prices below 0 and at the ends of what a tick may be, where every level has a page of its own."""
    rng = random.Random(reach)
    ticks = [rng.randint(-reach, reach) for _ in range(300)] + [reach, -reach, 0, 63, 64, -64, -65, reach - 1]
    events, market = events_of(ticks), Market("1", "1")
    assert Passed(market).rows(events) == slow_rows(events, market)


def test_a_book_that_wanders_takes_no_more_memory():
    """Pages that a price has left are left behind when room is made."""
    passed, sizes = Passed(Market("1", "1")), []
    for start in range(0, 60_000, 1_000):
        events = []
        for tick in range(100 * start, 100 * (start + 1_000), 100):
            events += [Event(START, LOCAL | BUY | 1, START, float(tick), qty) for qty in (1.0, 0.0)]
        passed.rows(events)
        sizes.append(sum(len(memoryview(table).cast("B")) for table in passed.book.values()))
    assert passed.book.counts() == (0, 0)
    assert max(sizes) == sizes[5]


def test_what_hangs_together_in_no_book_is_refused():
    passed = Passed(Market("0.1", "0.001"))
    passed.rows(some_events(random.Random(3), 300, Market("0.1", "0.001")))
    good = passed.book.save()
    for cut in (0, 8, len(good) - 8, len(good) - 1):
        with pytest.raises(Damaged):
            Book((1, 1000)).load(None, good[:cut])
    words = array("q", good)
    for at in range(len(words)):
        for value in (-1, 1 << 62, -(1 << 63), 3):
            bad = array("q", words)
            bad[at] = value
            book = Book((1, 1000))
            with contextlib.suppress(Damaged):
                book.load(None, bad.tobytes())
                assert book.save() == bad.tobytes()
