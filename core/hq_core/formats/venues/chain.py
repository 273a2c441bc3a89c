"""Whether the changes of a book follow each other without a hole, and where its snapshots belong."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from hq_core.book.flags import LOCAL
from hq_core.formats.venues.lines import Odd

if TYPE_CHECKING:
    from hq_core.formats.venues.rows import Levels, Rows

MOST_HELD = 1 << 18  # levels of changes that wait for a snapshot: some minutes of a large book
REPEATED = "changes of books that repeat or are older"


class Chain:
    """The sequence of one symbol's changes, each of which has a first and a last number.

    known   a snapshot stands, and no change behind it is missing
    fresh   the snapshot was the last thing that came
    last    the last number that came, of a change or of a snapshot; -1: none came
    """

    SHAPE = {
        "known": bool,
        "fresh": bool,
        "last": int,
        "since": int,
        "exch": int,
        "topic": str,
        "held": [(int, int, int, int, [(str, str)], [(str, str)])],
    }

    def __init__(self, symbol: str, rows: Rows) -> None:
        self.symbol = symbol
        self.topic = ""  # of which stream the changes are
        self.known = self.fresh = False
        self.last = -1
        self.since = self.exch = 0
        self._rows = rows
        # changes since the last hole, without a snapshot
        self._held: deque[tuple[int, int, int, int, Levels, Levels]] = deque()
        self._levels = 0

    def changed(self, ts: int, exch: int, first: int, last: int, before: int, bids: Levels, asks: Levels) -> None:
        """A change with the numbers `first` to `last`; before: the number that it follows, -1 where that is the one
        before `first`.  Raises Odd."""
        if first > last:
            raise Odd(f"its first number {first} is above its last one, {last}")
        if self.last < 0:
            self._rows.unknown(self.symbol, ts, exch)
        elif last <= self.last:
            self._rows.pass_by(REPEATED if not self.fresh else "changes of books that are older than the snapshot")
            if last == self.last:
                self.fresh = False  # it ends where the snapshot does, so that the next one follows
            return
        elif not self._follows(first, before):
            self._hole(ts, exch, first if before < 0 else before)
        self.fresh = False
        self.last, self.since, self.exch = last, ts, exch
        self._rows.depth(self.symbol, ts, exch, bids, asks)
        if not self.known:
            self._hold((first, last, before, exch, bids, asks))

    def _follows(self, first: int, before: int) -> bool:
        if before < 0:
            return first <= self.last + 1 if self.fresh else first == self.last + 1
        return before == self.last or (self.fresh and first <= self.last)

    def _hole(self, ts: int, exch: int, first: int) -> None:
        self._rows.gap(self.symbol, ts, self.since, self.last, first)
        self._rows.unknown(self.symbol, ts, exch)
        self.known = False
        self._held.clear()
        self._levels = 0

    def _hold(self, change: tuple[int, int, int, int, Levels, Levels]) -> None:
        self._held.append(change)
        self._levels += len(change[4]) + len(change[5])
        while self._levels > MOST_HELD:
            gone = self._held.popleft()
            self._levels -= len(gone[4]) + len(gone[5])

    def snapshot(self, ts: int, exch: int, last: int, bids: Levels, asks: Levels) -> None:
        """A book as it was behind the change with that last number, though changes behind it may have come before it;
        levels beyond its worst ones stay as they are known."""
        newer = [change for change in self._held if change[1] > last]
        bridged = True
        if newer:
            first, _, before, *_ = newer[0]
            bridged = first <= last + 1 if before < 0 else first <= last or before == last
        if (self.known and last <= self.last) or not bridged:
            self._rows.pass_by("snapshots that are older than the changes")
            return
        self._rows.snapshot(self.symbol, ts, exch, bids, asks, deep=True)
        for change in newer:  # they came before it: known here from now on, and at the exchange since they came
            self._rows.depth(self.symbol, ts, change[3], change[4], change[5], LOCAL)
        self._stands(ts, exch, max(last, self.last) if newer else last, fresh=not newer)

    def replaced(self, ts: int, exch: int, last: int, bids: Levels, asks: Levels) -> None:
        """The whole book; the next change follows that number."""
        self._rows.snapshot(self.symbol, ts, exch, bids, asks, deep=False)
        self._stands(ts, exch, last, fresh=False)

    def _stands(self, ts: int, exch: int, last: int, fresh: bool) -> None:
        self.known, self.fresh, self.last = True, fresh, last
        self.since, self.exch = ts, exch
        self._held.clear()
        self._levels = 0

    def save(self) -> dict[str, Any]:
        held = [[*change[:4], *([list(level) for level in side] for side in change[4:])] for change in self._held]
        found = {name: getattr(self, name) for name in self.SHAPE if name != "held"}
        return {**found, "held": held}

    def load(self, saved: dict[str, Any]) -> None:
        for name in self.SHAPE:
            if name != "held":
                setattr(self, name, saved[name])
        for first, last, before, exch, bids, asks in saved["held"]:
            self._hold((first, last, before, exch, bids, asks))


class Recent:
    """The names of the last so many things, to know one that comes again."""

    MOST = 4096
    SHAPE = [str]

    def __init__(self) -> None:
        self._names: dict[str, None] = {}

    def again(self, name: str) -> bool:
        """Whether it has come lately; from now on it has."""
        if name in self._names:
            return True
        self._names[name] = None
        if len(self._names) > self.MOST:
            del self._names[next(iter(self._names))]
        return False

    def save(self) -> list[str]:
        return list(self._names)

    def load(self, saved: list[str]) -> None:
        self._names = dict.fromkeys(saved)
