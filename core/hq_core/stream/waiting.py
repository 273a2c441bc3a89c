"""What waits until no input brings anything earlier: rows and maps by their ts, and how far the slowest input is."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import deque
from ctypes import c_int64, string_at
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

import msgpack

from hq_core.batch import EVER, NEVER, period_ns, rank
from hq_core.errors import DATA, HqError
from hq_core.jit import I1, I8, Cell, State, kernel
from hq_core.memory import after, move
from hq_core.saved import Count, Damaged
from hq_core.stream.joiner import named
from hq_core.stream.rows import Kept

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hq_core.batch import Batch, Schema

TOGETHER = 8 << 20  # bytes of rows that leave in one go: what is made of them stays small, and mostly in the cache
ALIKE = 64  # instants that are compared with their ts at first, then twice as many
BESIDE = 400  # bytes that a map takes beside those it is packed in
_AT = c_int64.from_address


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


@kernel(state="last:i8 first:i8")
def placed(ts: I8, complete: I1, floor: int, instant: I8, s: State) -> None:
    """instant[] = where each row stands: a forming one at its ts, but between the complete ones around it.

    complete  (n,)  0: a forming row
    floor     no forming row stands before it
    s         last: instant of the row before; first: ts of the first complete row, behind which no row of before it
              may stand, or NEVER
    """
    s.first = NEVER
    for i in range(len(ts)):
        at = ts[i]
        if complete[i] != 0:
            if s.first == NEVER:
                s.first = at
            k = i - 1
            while k >= 0 and instant[k] > at:
                instant[k] = at
                k -= 1
        else:
            at = max(at, s.last, floor)
        instant[i] = at
        s.last = at


class Part:
    """Rows of one series that have the same columns.

    kept  the rows, as they came
    line  the series
    """

    __slots__ = ("_dropped", "_instants", "kept", "line")

    def __init__(self, line: Line, schema: Schema) -> None:
        self.line = line
        self.kept = Kept(schema)
        self._instants: array[int] | None = None  # where the rows stand; None: all at their ts
        self._dropped = 0

    def times(self) -> Any:
        """The instants of the rows, which rise."""
        if self._instants is None:
            return self.kept.times()
        return memoryview(self._instants)[self._dropped :]

    def instants(self) -> bytes:
        """The same for a state: nothing where all stand at their ts."""
        return b"" if self._instants is None else self.times().tobytes()

    def take_up(self, instants: bytes) -> None:
        """What `instants` gave, of rows that have come.  Raises Damaged where it cannot be that."""
        self._instants, self._dropped = array("q"), 0
        if len(instants) == 8 * self.kept.n:
            self._instants.frombytes(instants)
        if len(self._instants) != self.kept.n or self._instants.tolist() != sorted(self._instants):
            raise Damaged(f"rows of {self.kept.schema.key} wait in no order")

    def displaced(self, before: int) -> int:
        """The instant of the first row that does not stand at its ts, of those before that one; EVER if all do."""
        if self._instants is None:
            return EVER
        instants, times, n = self.times(), self.kept.times(), self.rows_before(before)
        start, size = 0, ALIKE
        while start < n:
            some = instants[start : start + size]
            if some.tobytes() != times[start : start + size].tobytes():
                return next((at for at, ts in zip(some, times[start:]) if at != ts), EVER)
            start, size = start + size, 2 * size
        return EVER

    def rows_before(self, ts: int) -> int:
        """How many rows stand before it; EVER stands behind every ts."""
        return self.kept.n if ts == EVER or not self.kept.n else bisect_left(self.times(), ts)

    def extend(self, address: int, n: int) -> None:
        """n complete rows have come, which stand at their ts."""
        if self._instants is not None:
            self._instants.frombytes(string_at(address, 8 * n))

    def place(self, n: int, floor: int, cell: Cell) -> None:
        """Find where the last n rows stand, some of which are forming ones."""
        kept, line = self.kept, self.line
        before = kept.n - n
        if self._instants is None:
            self._instants = array("q", kept.times()[:before])
        at = len(self._instants)
        self._instants.frombytes(bytes(8 * n))
        new = after(kept.starts, kept.schema.widths, before)
        cell.column("ts", new[kept.schema.index(kept.schema.clock)], n)
        cell.column("complete", new[kept.schema.flag], n)
        cell.column("instant", self._instants.buffer_info()[0] + 8 * at, n)
        cell.set(floor=floor)
        cell.state.last = line.last
        cell.run()
        line.last = cell.state.last
        first: int = cell.state.first
        if first != NEVER:
            line.close(first, n)

    def lower(self, ts: int, skip: int) -> None:
        """No row stands behind that ts, but for the last ones."""
        instants = self._instants
        if instants is not None:
            at = len(instants) - skip - 1
            while at >= self._dropped and instants[at] > ts:
                instants[at] = ts
                at -= 1

    def drop(self, n: int) -> None:
        self.kept.drop(n)
        if self._instants is not None:
            self._dropped += n
            if not self.kept.n:
                self._instants, self._dropped = None, 0
            elif 2 * self._dropped > len(self._instants):
                del self._instants[: self._dropped]
                self._dropped = 0


class Line:
    """The rows of one series that wait, those of the columns that it had before in front.

    last    instant of the last row that came
    forms   the last row that came is a forming one
    pushed  under which instant it waits for its turn; None: it has no rows
    """

    __slots__ = ("forms", "last", "parts", "pushed", "rank")

    def __init__(self, schema: Schema) -> None:
        self.rank = rank(schema)
        self.parts = deque([Part(self, schema)])
        self.last = NEVER
        self.forms = False
        self.pushed: int | None = None

    @property
    def schema(self) -> Schema:
        return self.parts[-1].kept.schema

    def close(self, ts: int, skip: int) -> None:
        """A complete row of that ts has come, and so many rows from it on: no row before it stands behind it."""
        for part in self.parts:
            part.lower(ts, skip if part is self.parts[-1] else 0)

    def changes(self) -> int:
        """The instant of the first row that has other columns than those in front; EVER if none has."""
        return self.parts[1].times()[0] if len(self.parts) > 1 and self.parts[1].kept.n else EVER


class WaitingRows:
    """Rows of series, each by ts.

    bytes  how much they take
    n      how many there are
    lines  the series by their names
    """

    def __init__(self) -> None:
        self.bytes = 0
        self.n = 0
        self.lines: dict[str, Line] = {}
        self._first: list[tuple[int, int, Line]] = []  # those that have rows, by the first of them
        self._pushed = 0
        self._cell: Cell | None = None

    def series(self, schema: Schema) -> bool:
        """Make a place for its rows; whether there was none with these columns."""
        line = self.lines.get(schema.key)
        if line is None:
            self.lines[schema.key] = Line(schema)
            return True
        if line.schema.same_as(schema):
            return False
        if not line.parts[-1].kept.n:
            line.parts.pop()
        if not line.parts or not line.schema.same_as(schema):
            line.parts.append(Part(line, schema))
        return True

    def add(self, batch: Batch, addresses: Sequence[int], floor: int = NEVER) -> None:
        """Rows of a series that has a place, their columns at those addresses; forming ones stand from floor on."""
        line, n = self.lines[batch.schema.key], batch.n
        part = line.parts[-1]
        kept = part.kept
        move(kept.reserve(n), addresses, batch.schema.widths, n)
        kept.commit(n)
        self.bytes += _bytes(kept, kept.n - n, kept.n)
        self.n += n
        flag, ts, formed = batch.schema.flag, batch.address(batch.schema.clock), line.forms
        if flag >= 0 and b"\0" in string_at(addresses[flag], n):
            if self._cell is None:
                self._cell = Cell(placed)
            part.place(n, floor, self._cell)
            line.forms = batch.last_whole() < n - 1
        else:
            part.extend(ts, n)
            line.last, line.forms = _AT(ts + 8 * (n - 1)).value, False
            if formed:
                line.close(_AT(ts).value, n)
        if formed or line.pushed is None:
            self._push(line)

    def take_up(self, key: str, last: int, instants: bytes) -> None:
        """Where the rows that a state brought stand that were added last, and the last row of their series."""
        line = self.lines[key]
        line.last = last
        if instants:
            line.parts[-1].take_up(instants)
            self._push(line)

    def ready(self, before: int) -> tuple[int, list[tuple[Part, int]], bool]:
        """Rows that stand before that ts, or the first of them: up to which one, how many of each part, by rank.

        EVER stands behind every ts.  `drop` forgets them.
        The last: they are of one instant, of which some part has rows that no order by their own ts puts in their
        place, so each part is to be given by itself.
        """
        heap, least = self._first, before
        found: list[Line] = []
        while heap and (heap[0][0] < before or before == EVER):
            at, _, line = heappop(heap)
            if at != line.pushed:
                continue
            line.pushed = None
            least = at if not found else least
            found.append(line)
            head = line.parts[0]
            most = max(1, TOGETHER // (head.kept.row * len(found)))
            if head.kept.n > most:
                before = min(before, max(head.times()[most], least + 1))
        alone = False
        for line in found:
            odd = min(line.changes(), line.parts[0].displaced(before))
            if odd < before:
                before = max(odd, least + 1)
                alone |= odd == least
        given: list[tuple[Part, int]] = []
        for line in sorted(found, key=lambda one: one.rank):
            for part in line.parts if alone else [line.parts[0]]:
                n = part.rows_before(before)
                if n:
                    given.append((part, n))
                elif part is line.parts[0]:
                    self._push(line)
                if n < part.kept.n:
                    break
        return before, given, alone

    def drop(self, rows: Sequence[tuple[Part, int]]) -> None:
        for part, n in rows:
            self.bytes -= _bytes(part.kept, 0, n)
            self.n -= n
            part.drop(n)
        for part, _ in rows:
            line = part.line
            while len(line.parts) > 1 and not line.parts[0].kept.n:
                line.parts.popleft()
            self._push(line)

    def _push(self, line: Line) -> None:
        head = line.parts[0]
        first = head.times()[0] if head.kept.n else None
        if first != line.pushed:
            line.pushed = first
            if first is not None:
                self._pushed += 1
                heappush(self._first, (first, self._pushed, line))


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

    @property
    def n(self) -> int:
        """How many there are."""
        return len(self._heap)

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
