"""Events in the order in which they happened at the exchange."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from hq_core.batch import Batch
from hq_core.book.flags import EXCH
from hq_core.jit import I8, Cell, State, kernel
from hq_core.memory import move
from hq_core.saved import Damaged
from hq_core.stream.held import rows_of
from hq_core.stream.rows import Kept, Permutation, by_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from hq_core.batch import Schema

    Count = Callable[[str, int], None]

HELD = [bytes]  # what `save` gives
NO_TIMES = memoryview(array("q"))


@kernel(state="n:i8 late:i8 low:i8 rising:i8")
def in_time(ts: I8, exch_ts: I8, ev: I8, lateness: int, s: State, order: I8) -> None:
    """order[] = the rows that are seen at the exchange and were on their way no longer than the lateness.

    s   n, late: how many were, and were not;  low: the earliest exch_ts of them;  rising: each is as late as the one
        before, or later
    """
    n = late = low = last = 0
    rising = 1
    for i in range(len(ts)):
        if ev[i] & EXCH == 0:
            continue
        if exch_ts[i] < ts[i] - lateness:
            late += 1
            continue
        if n == 0 or exch_ts[i] < low:
            low = exch_ts[i]
        if n > 0 and exch_ts[i] < last:
            rising = 0
        last = exch_ts[i]
        order[n] = i
        n += 1
    s.n = n
    s.late = late
    s.low = low
    s.rising = rising


READ = tuple(name for name, _ in in_time.args[:3])  # columns of the rows


class AtExchange:
    """Rows of one series, which wait until no earlier one can come: by exch_ts, those alike in it as they came.

    lateness  ns that an event may be on its way;  drop: counts those that were longer
    """

    def __init__(self, schema: Schema, lateness: int, drop: Count) -> None:
        self.schema, self.lateness, self.drop = schema, lateness, drop
        self._held = Kept(schema)
        self._given = 0  # of the rows in front, those that were given
        self._choose, self._sort = Cell(in_time), Cell(by_time)
        self._choose.set(lateness=lateness)
        self._gather = Permutation()

    def rows(self, batch: Batch) -> list[Batch]:
        """The rows that are ready, valid until the next ones."""
        self._forget()
        order = array("q", bytes(8 * batch.n))
        self._choose.columns(READ, map(batch.address, READ), batch.n)
        self._choose.buffer("order", order)
        self._choose.run()
        state = self._choose.state
        if state.late:
            self.drop("on its way for longer than the lateness", state.late)
        if state.n:
            self._add(batch, order, state.n, state.low, bool(state.rising))
        return self._ready(bisect_left(self._times(), batch.times()[batch.n - 1] - self.lateness))

    def rest(self) -> list[Batch]:
        """All that wait: no more come."""
        self._forget()
        return self._ready(self._held.n)

    def _add(self, batch: Batch, order: array[int], n: int, low: int, rising: bool) -> None:
        """The n rows in that order, of which the earliest is of `low`, go where they belong."""
        held, widths = self._held, self.schema.widths
        at = bisect_right(self._times(), low)
        behind = held.n - at  # rows that one of them belongs before
        self._gather.take(order.buffer_info()[0], n, widths, batch.addresses, held.reserve(n), batch.n)
        held.commit(n)
        if behind or not rising:
            self._merge(at, behind + n)

    def _merge(self, at: int, n: int) -> None:
        """Sort the last n rows, which are those from `at` on."""
        held, widths = self._held, self.schema.widths
        last = Batch(self.schema, held.n, held.starts).slice(at, held.n)
        order, spare = array("q", bytes(8 * n)), array("q", bytes(8 * n))
        self._sort.column("ts", last.address("exch_ts"), n)
        for name, memory in (("order", order), ("spare", spare), ("rank", array("q"))):
            self._sort.buffer(name, memory)
        self._sort.run()
        lies = Kept(self.schema)
        self._gather.take(order.buffer_info()[0], n, widths, last.addresses, lies.reserve(n))
        lies.commit(n)
        held.n = at
        move(held.reserve(n), lies.starts, widths, n)
        held.commit(n)

    def _times(self) -> memoryview:
        return Batch(self.schema, self._held.n, self._held.starts).view("exch_ts") if self._held.n else NO_TIMES

    def _ready(self, n: int) -> list[Batch]:
        self._given = n
        return [Batch(self.schema, n, self._held.starts)] if n else []

    def _forget(self) -> None:
        if self._given:
            self._held.drop(self._given)
            self._given = 0

    def save(self) -> list[bytes]:
        self._forget()
        return self._held.columns() if self._held.n else []

    def load(self, saved: list[bytes]) -> None:
        if saved:
            n = len(saved[0]) // 8
            part = rows_of(self.schema, n, saved)
            times = part.view("exch_ts")
            if any(times[i] > times[i + 1] for i in range(n - 1)):
                raise Damaged(f"{self.schema.key}: the rows that wait are not in the order of exch_ts")
            move(self._held.reserve(n), part.addresses, self.schema.widths, n)
            self._held.commit(n)
