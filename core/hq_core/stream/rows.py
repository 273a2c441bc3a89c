"""Rows put in another order: by the code of a column, or by time."""

from __future__ import annotations

from array import array
from collections import deque
from itertools import accumulate
from typing import TYPE_CHECKING

from hq_core.batch import Batch, own
from hq_core.jit import I1, I4, I8, U1, Cell, State, inline, kernel
from hq_core.memory import Memory, after, move, room
from hq_core.stream.held import columns_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_core.batch import Schema


@kernel(state="bad:i8")
def grouped(code: I4, counts: I8, order: I8, s: State) -> None:
    """order[] = the rows by code, those of one code as they came (a counting sort).

    code    (n,)  of each row
    counts  (m,)  comes as zeros; goes as the place behind the last row of each code
    order   (n,)
    s.bad   the first row whose code is not 0..m-1, or -1: then nothing is put in order
    """
    n, m = len(code), len(counts)
    s.bad = -1
    for i in range(n):
        if code[i] < 0 or code[i] >= m:
            s.bad = i
            return
        counts[code[i]] += 1
    at = 0
    for c in range(m):
        rows = counts[c]
        counts[c] = at
        at += rows
    for i in range(n):
        order[counts[code[i]]] = i
        counts[code[i]] += 1


@inline
def not_after(ts: I8, rank: I8, a: int, b: int) -> bool:
    """Whether row a may stand before row b, which came later."""
    return ts[a] < ts[b] or (ts[a] == ts[b] and (len(rank) == 0 or rank[a] <= rank[b]))


@kernel()
def by_time(ts: I8, rank: I8, order: I8, spare: I8) -> None:
    """order[] = the rows by ts and rank, those alike in both as they came (a merge sort from runs that rise already).

    ts, order, spare  (n,);  rank  (n,) or empty
    """
    n = len(ts)
    for i in range(n):
        order[i] = i
    rising = 1
    while rising:
        rising = 0
        start = 0
        while start < n:  # merge each run with the one behind it
            middle = start + 1
            while middle < n and not_after(ts, rank, order[middle - 1], order[middle]):
                middle += 1
            stop = middle
            if middle < n:
                rising = 1
                stop = middle + 1
                while stop < n and not_after(ts, rank, order[stop - 1], order[stop]):
                    stop += 1
                a, b = start, middle
                for k in range(start, stop):
                    if b >= stop or (a < middle and not_after(ts, rank, order[a], order[b])):
                        spare[k] = order[a]
                        a += 1
                    else:
                        spare[k] = order[b]
                        b += 1
                for k in range(start, stop):
                    order[k] = spare[k]
            start = stop


@kernel()
def gathered(order: I8, width: int, rows: U1, out: U1) -> None:
    """out = the rows of `width` bytes in that order."""
    for i in range(len(order)):
        at, to = order[i] * width, i * width
        for k in range(width):
            out[to + k] = rows[at + k]


@kernel()
def gathered_8(order: I8, rows: I8, out: I8) -> None:
    """out[i] = rows[order[i]]"""
    for i in range(len(order)):
        out[i] = rows[order[i]]


@kernel()
def scattered(order: I8, width: int, rows: U1, out: U1) -> None:
    """The rows of `width` bytes back from that order."""
    for i in range(len(order)):
        at, to = i * width, order[i] * width
        for k in range(width):
            out[to + k] = rows[at + k]


@kernel()
def scattered_8(order: I8, rows: I8, out: I8) -> None:
    """out[order[i]] = rows[i]"""
    for i in range(len(order)):
        out[order[i]] = rows[i]


@kernel(state="groups:i8 absent:i8")
def runs_of(stops: I8, slot: I8, order: I8, complete: I1, groups: I8, s: State) -> None:
    """Runs of one symbol's rows, closed ones together and each forming one alone, as (slot, rows, closed) in groups[].

    stops     (m,)  the place behind the last row of each code in `order`
    slot      (m,)  below 0: none is known
    order     (n,)  the rows by code
    complete  (n,)  0: a forming row; or empty: none is
    s.groups  how many there are, at most n;  absent: those whose slot is below 0
    """
    start = k = absent = 0
    for c in range(len(stops)):
        i = start
        while i < stops[c]:
            closed = 1 if len(complete) == 0 or complete[order[i]] != 0 else 0
            end = i + 1
            if len(complete) == 0:
                end = stops[c]
            elif closed:
                while end < stops[c] and complete[order[end]] != 0:
                    end += 1
            absent += slot[c] < 0
            groups[k] = slot[c]
            groups[k + 1] = end - i
            groups[k + 2] = closed
            k += 3
            i = end
        start = stops[c]
    s.groups = k // 3
    s.absent = absent


MOVED = gathered, gathered_8, scattered, scattered_8  # what a Permutation runs


class Permutation:
    """Columns of any type put in an order, and back to where they were."""

    def __init__(self) -> None:
        to, to_8, back, back_8 = map(Cell, MOVED)
        self._to, self._back = (to, to_8), (back, back_8)

    def take(
        self, order: int, n: int, widths: Sequence[int], addresses: Sequence[int], to: Sequence[int], rows: int = 0
    ) -> None:
        """Write n rows of every column, in the order at that address, to other addresses; rows: of how many."""
        self._move(self._to, order, n, widths, addresses, to, rows or n)

    def put(self, order: int, n: int, widths: Sequence[int], addresses: Sequence[int], to: Sequence[int]) -> None:
        """Write n rows that lie in that order to where they were before it."""
        self._move(self._back, order, n, widths, addresses, to, n)

    @staticmethod
    def _move(
        cells: tuple[Cell, Cell],
        order: int,
        n: int,
        widths: Sequence[int],
        addresses: Sequence[int],
        to: Sequence[int],
        rows: int,
    ) -> None:
        other, eight = cells
        other.column("order", order, n)
        eight.column("order", order, n)
        for w, at, there in zip(widths, addresses, to):
            cell, items = (eight, 1) if w == 8 else (other, w)
            if w != 8:
                other.set(width=w)
            cell.column("rows", at, rows * items)
            cell.column("out", there, n * items)
            cell.run()


class BySymbol:
    """The order that puts a panel's rows symbol behind symbol.

    order  its address, valid until the next batch;  stops: the place behind the last row of each code
    """

    def __init__(self) -> None:
        self._cell = Cell(grouped)
        self._order = Numbers()
        self.order = 0
        self.stops = array("q")

    def sort(self, batch: Batch) -> None:
        """Raises HqError DATA for a code without a text."""
        n, symbols = batch.n, len(batch.texts.get("symbol", ()))
        self.order = self._order.at(n)
        self.stops = array("q", bytes(8 * symbols))
        cell = self._cell
        cell.column("code", batch.address("symbol"), n)
        cell.column("counts", self.stops.buffer_info()[0], symbols)
        cell.column("order", self.order, n)
        cell.run()
        if cell.state.bad >= 0:
            batch.slice(cell.state.bad, cell.state.bad + 1).words("symbol")  # says what is wrong


class Room:
    """Memory for columns of so many rows, used again and again."""

    def __init__(self) -> None:
        self.memory = Memory(8)

    def columns(self, widths: Sequence[int], n: int) -> list[int]:
        """Where each column lies, one behind the other, padded to 8 bytes."""
        sizes = [(w * n + 7) & -8 for w in widths]
        if self.memory.size < sum(sizes):
            self.memory = Memory(sum(sizes))
        return [self.memory.address + before for before in accumulate(sizes[:-1], initial=0)] if sizes else []


class Kept:
    """Rows of one series in memory of their own, which grows; what is dropped in front makes room behind.

    starts  where each column of the first row that is still there lies
    row     bytes of a row, without those of free text
    """

    __slots__ = ("_bases", "_before", "_memory", "_owned", "_room", "n", "row", "schema", "starts")

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.row = sum(schema.widths)
        self.n = self._room = 0
        self._before = 0  # rows that were dropped, whose room lies in front
        self._memory: Memory | None = None
        self._bases: list[int] = []  # where the room of each column begins
        self._owned: deque[tuple[int, list[Memory]]] = deque()  # bytes of free text, and the place behind their rows
        self.starts: list[int] = []

    def reserve(self, n: int) -> list[int]:
        """Where the next n rows of each column go; `commit` says that they are there."""
        need = self.n + n
        if self._before + need > self._room:
            bases, memory = self._bases, self._memory
            if 2 * need > self._room:  # else moving what is left to the front makes room for at least as many
                self._room = max(need, 2 * self.n, self._room, 8)
                memory = Memory(self.schema.blob(self._room))
                bases = self.schema.places(memory.address, self._room)
            if self.n:
                move(bases, self.starts, self.schema.widths, self.n)
            self._owned = deque((behind - self._before, memories) for behind, memories in self._owned)
            self._memory, self._bases, self.starts, self._before = memory, bases, bases, 0
        return after(self.starts, self.schema.widths, self.n)

    def commit(self, n: int) -> None:
        if self.schema.free:
            self._owned.append((self._before + self.n + n, own(self.schema, self.starts, self.n, n)))
        self.n += n

    def times(self) -> memoryview:
        """The times by which the rows lie, in nanoseconds."""
        return Batch(self.schema, self.n, self.starts).times()  # type: ignore[no-any-return]

    def columns(self) -> list[bytes]:
        """The bytes of each column, free text as on the wire."""
        return columns_of(self.schema, self.starts, self.n)

    def emptied(self, texts: dict[str, list[str]]) -> Batch:
        """All rows, valid until further ones come; none is left here."""
        batch = Batch(self.schema, self.n, list(self.starts), (self._memory, list(self._owned)), texts)
        self.drop(self.n)
        return batch

    def drop(self, n: int) -> None:
        """Forget the first n rows."""
        self.n -= n
        self._before = self._before + n if self.n else 0
        self.starts = after(self._bases, self.schema.widths, self._before)
        while self._owned and (not self.n or self._owned[0][0] <= self._before):
            self._owned.popleft()


class Numbers:
    """Memory for so many whole numbers, used again and again."""

    def __init__(self) -> None:
        self.memory = array("q")

    def at(self, n: int) -> int:
        return room(self.memory, n)
