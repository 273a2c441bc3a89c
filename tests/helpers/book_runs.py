"""Random events of order books, and what hq's book pass makes of them."""

from __future__ import annotations

import random
from array import array
from fractions import Fraction
from typing import NamedTuple

from hq_core.batch import CODES, Batch, Schema
from hq_core.book.book import Book
from hq_core.book.intake import Intake
from hq_core.book.run import OUTS, PIECE, Run
from hq_core.kinds import BOOK

BUY, SELL, EXCH, LOCAL = 1 << 29, 1 << 28, 1 << 31, 1 << 30
START = 1_700_000_000_000_000_000
BOOK_COLS = BOOK.cols


class Event(NamedTuple):
    """A row of kind book."""

    ts: int
    ev: int
    exch_ts: int
    px: float
    qty: float
    order_id: int = 0
    ival: int = 0
    fval: float = 0.0


class Market(NamedTuple):
    """What a stream is like.

    width  ticks within which most prices lie;  by_order: ADD, CANCEL, MODIFY, FILL in place of levels
    """

    tick: str
    lot: str
    width: int = 20
    by_order: bool = False

    @property
    def steps(self) -> tuple[Fraction, Fraction]:
        return Fraction(self.tick), Fraction(self.lot)


def some_market(rng: random.Random) -> Market:
    ticks = [
        Fraction(1, 10),
        Fraction(1, 100),
        Fraction(1, 4),
        Fraction(5, 2),
        Fraction(1),
        Fraction(10),
        Fraction(1, 10**8),
    ]
    lots = [Fraction(1, 1000), Fraction(1), Fraction(1, 10**5), Fraction(1, 4)]
    return Market(rng.choice(ticks), rng.choice(lots), rng.choice([3, 20, 300, 100_000]), rng.random() < 0.3)


def some_events(rng: random.Random, n: int, market: Market, ts: int = START, tidy: bool = False) -> list[Event]:
    """Events of every kind, side and view; prices of both sides overlap, some lie far away.

    tidy  none lies off the tick, and there are no snapshots
    """
    found: list[Event] = []
    (step, lot), middle, ids = market.steps, 50_000, list(range(-3, 40))
    while len(found) < n:
        ts += rng.choice([0, 0, 1, 1_000, 10**6, 10**9])
        if rng.random() < 0.01:
            middle += rng.randint(-5 * market.width, 5 * market.width)
            middle = max(middle, 1)
        kinds, weights = ([10, 11, 12, 13, 2, 3], [40, 30, 20, 5, 5, 1])
        if not market.by_order:
            kinds, weights = ([1, 2, 3, 4, 5, 0, 7], [60, 10, 3, 0 if tidy else 5, 8, 0.3, 0.3])
        event = rng.choices(kinds, weights)[0]
        view = rng.choices([EXCH | LOCAL, LOCAL, EXCH, 0], [10, 3, 3, 0.2])[0]
        side = rng.choices([BUY, SELL, 0, BUY | SELL], [10, 10, 0.5 if event not in (2, 3) else 5, 0.2])[0]
        tick = max(0, middle + round(rng.gauss(-1 if side == BUY else 1, market.width / 3)))
        if rng.random() < 0.02:
            tick = rng.choice([0, 1, 10**6, 10**9, 63, 64, 4095, 4096, rng.randrange(10**7)])
        px = float(tick * step)
        if not tidy and rng.random() < 0.01:
            px += float(step) * rng.choice([0.5, 0.25, 1e-6])
        lots = rng.choices([0, rng.randint(1, 50), 1], [3, 6, 1])[0]
        qty = float(lots * lot)
        ival = int(event == 3 and rng.random() < 0.2)
        if event == 3 and rng.random() < 0.5:
            px = 0.0
        id = rng.choice(ids) if event >= 10 else 0
        found.append(
            Event(ts, view | side | event, ts - rng.choice([0, 500, 10**6, 10**8, 2 * 10**9]), px, qty, id, ival)
        )
    return found


def some_snapshot(rng: random.Random, ts: int) -> list[Event]:
    """A whole book of one ts, in ticks of 0.1, of which the first two prices tell no larger one."""
    view = EXCH | LOCAL
    found = [Event(ts, view | 3, ts, 0.0, 0.0)]
    for side, step in ((BUY, -1), (SELL, 1)):
        for k in range(rng.randint(2, 6)):
            found.append(Event(ts, view | side | 4, ts, (50_000 + step * (k + 1)) / 10, rng.randint(1, 50) / 1000))
    return found


def batch_of(events: list[Event], symbol: str = "BTCUSDT") -> Batch:
    """The rows in memory."""
    columns = [array(CODES[kind], column) for (_, kind), column in zip(BOOK_COLS, zip(*events))]
    columns = columns or [array(CODES[kind]) for _, kind in BOOK_COLS]
    return Batch(Schema("book", symbol, "", BOOK_COLS), len(events), [one.buffer_info()[0] for one in columns], columns)


class Passed:
    """A book, and what the pass says of the events that it is given."""

    def __init__(self, market: Market, view: str = "local", lot: bool = True) -> None:
        tick, step = (one.as_integer_ratio() for one in market.steps)
        self.lot = step if lot else (0, 1)
        self.intake = Intake(view, tick)
        self.book = Book(self.lot, market.by_order)
        self.run = Run(self.book)

    def rows(self, events: list[Event]) -> list[tuple[float, ...]]:
        batch, found = batch_of(events), []
        taken = self.intake.take(batch)
        self.intake.refuse(batch)
        for start in range(0, taken.n, PIECE):
            n = min(PIECE, taken.n - start)
            self.run.run(taken, start, n)
            found += zip(*(_column(self.run.columns[name], kind, n) for name, kind in OUTS))
        return found

    def again(self) -> None:
        """Save the book, and go on with what another one made of it."""
        saved = self.book.save()
        other = Book(self.lot, self.book.by_order)
        other.load(None, saved)
        assert other.save() == saved
        self.book, self.run = other, Run(other)


def _column(address: int, kind: str, n: int) -> list[float]:
    import ctypes

    held = array(CODES[kind])
    held.frombytes(ctypes.string_at(address, held.itemsize * n))
    return held.tolist()
