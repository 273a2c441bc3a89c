"""What waits until no input brings anything earlier: rows and maps by their ts, and how far the slowest input is."""

from __future__ import annotations

from bisect import bisect_left
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

import msgpack

from hq_core.batch import EVER, NEVER, Batch, period_ns, rank
from hq_core.errors import DATA, HqError
from hq_core.memory import move
from hq_core.saved import Count
from hq_core.stream.joiner import named
from hq_core.stream.rows import Kept

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hq_core.batch import Schema

TOGETHER = 8 << 20  # bytes of rows that leave in one go: what is made of them stays small, and mostly in the cache
BESIDE = 400  # bytes that a map takes beside those it is packed in


class Least:
    """The least of some numbers of which one at a time changes: what it takes does not grow with how many there are."""

    def __init__(self) -> None:
        self._now: dict[int, tuple[int, bool]] = {}
        self._heap: list[tuple[int, bool, int]] = []

    def set(self, at: int, value: int, last: bool = False) -> None:
        """Number `at` is that value; among equal ones those that are `last` stand behind the others."""
        if self._now.get(at) != (value, last):
            self._now[at] = value, last
            heappush(self._heap, (value, last, at))

    @property
    def least(self) -> tuple[int, int]:
        """The least value, and which number has it.  There must be one."""
        heap = self._heap
        while self._now[heap[0][2]] != heap[0][:2]:
            heappop(heap)
        return heap[0][0], heap[0][2]


class WaitingRows:
    """Rows of series, each by ts.

    bytes  how much they take
    """

    def __init__(self) -> None:
        self.bytes = 0
        self.kept: dict[str, Kept] = {}
        self._ranks: dict[str, tuple[int, int, str, str]] = {}
        self._first: list[tuple[int, int, Kept]] = []  # those that have rows, by the first of them
        self._pushed = 0

    def series(self, schema: Schema) -> bool:
        """Make a place for its rows; whether there was none with these columns.

        Raises HqError DATA where rows wait that have others.
        """
        before = self.kept.get(schema.key)
        if before is not None and before.schema.same_as(schema):
            return False
        if before is not None and before.n:
            raise HqError(f"{schema.key} comes with other columns while rows of it wait", DATA)
        self.kept[schema.key] = Kept(schema)
        self._ranks[schema.key] = rank(schema)
        return True

    def add(self, batch: Batch, addresses: Sequence[int]) -> None:
        """Rows of a series that has a place, their columns at those addresses."""
        kept = self.kept[batch.schema.key]
        move(kept.reserve(batch.n), addresses, batch.schema.widths, batch.n)
        kept.commit(batch.n)
        self.bytes += _bytes(kept, kept.n - batch.n, kept.n)
        if kept.n == batch.n:
            self._push(kept)

    def ready(self, before: int) -> tuple[int, list[tuple[Kept, int]]]:
        """Rows with a ts before that one, or the first of them: up to which ts, and how many of each series, by rank.

        EVER stands behind every ts.  `drop` forgets them.
        """
        found: list[Kept] = []
        least = self._first[0][0] if self._first else before
        while self._first and (self._first[0][0] < before or before == EVER):
            kept = heappop(self._first)[-1]
            found.append(kept)
            most = max(1, TOGETHER // (kept.row * len(found)))
            if kept.n > most:
                before = min(before, max(kept.times()[most], least + 1))
        counts = [(kept, kept.n if before == EVER else bisect_left(kept.times(), before)) for kept in found]
        for kept, n in counts:
            if not n:
                self._push(kept)
        return before, sorted((one for one in counts if one[1]), key=lambda one: self._ranks[one[0].schema.key])

    def drop(self, rows: Sequence[tuple[Kept, int]]) -> None:
        for kept, n in rows:
            self.bytes -= _bytes(kept, 0, n)
            kept.drop(n)
            if kept.n:
                self._push(kept)

    def _push(self, kept: Kept) -> None:
        self._pushed += 1
        heappush(self._first, (kept.times()[0], self._pushed, kept))


class WaitingMaps:
    """Maps by ts; those of one ts by what they are about, of one series as they came.

    bytes  how much they take
    """

    SHAPE = [(Count, {str: object})]

    def __init__(self) -> None:
        self.bytes = 0
        self._heap: list[tuple[int, int, str, str, int, bytes]] = []

    def add(self, frame: dict[str, Any], number: int) -> None:
        """number: of the map among those of its input.  Raises HqError DATA where it cannot be packed."""
        kind, ts = frame["kind"], frame.get("ts")
        try:
            packed = msgpack.packb(frame)
        except (ValueError, TypeError, OverflowError) as error:
            raise HqError(f"a frame of kind {kind!s:.40} cannot be held: {error}", DATA) from None
        symbol, period = named(frame)
        try:
            coarse = -period_ns(period)
        except HqError:  # a map of somebody else's may say anything
            coarse = 0
        self.bytes += len(packed) + BESIDE
        heappush(self._heap, (ts if type(ts) is int else NEVER, coarse, str(kind), symbol, number, packed))

    def ready(self, before: int) -> Iterator[dict[str, Any]]:
        """Take those with a ts before that one; EVER stands behind every ts."""
        heap = self._heap
        while heap and (heap[0][0] < before or before == EVER):
            packed = heappop(heap)[-1]
            self.bytes -= len(packed) + BESIDE
            yield msgpack.unpackb(packed)

    def save(self) -> list[Any]:
        return [[number, msgpack.unpackb(packed)] for *_, number, packed in sorted(self._heap)]


def _bytes(kept: Kept, start: int, stop: int) -> int:
    """Bytes that some of the rows take."""
    free = 0
    if kept.schema.free:
        from hq_core.texts import HANDLE, size  # few series have any, and kernels take time to load

        free = sum(size(kept.starts[at] + HANDLE * start, stop - start) for at in kept.schema.free)
    return (stop - start) * kept.row + free
