"""Events in the order in which they happened at the exchange."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from hq_core.batch import Batch
from hq_core.book.flags import EXCH
from hq_core.jit import I8, Cell, State, kernel
from hq_core.memory import move
from hq_core.stream.held import rows_of
from hq_core.stream.rows import Kept, Permutation, by_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from hq_core.batch import Schema

    Count = Callable[[str, int], None]

HELD = [bytes]  # what `save` gives


@kernel(state="n:i8 late:i8")
def in_time(ts: I8, exch_ts: I8, ev: I8, lateness: int, s: State, order: I8) -> None:
    """order[] = the rows that are seen at the exchange and were on their way no longer than the lateness."""
    n = late = 0
    for i in range(len(ts)):
        if ev[i] & EXCH == 0:
            continue
        if exch_ts[i] < ts[i] - lateness:
            late += 1
            continue
        order[n] = i
        n += 1
    s.n = n
    s.late = late


READ = tuple(name for name, _ in in_time.args[:3])  # columns of the rows


class AtExchange:
    """Rows of one series, which wait until no earlier one can come.

    lateness  ns that an event may be on its way;  drop: counts those that were longer
    """

    def __init__(self, schema: Schema, lateness: int, drop: Count) -> None:
        self.schema, self.lateness, self.drop = schema, lateness, drop
        self._held = Kept(schema)
        self._choose, self._sort = Cell(in_time), Cell(by_time)
        self._choose.set(lateness=lateness)
        self._gather = Permutation()

    def rows(self, batch: Batch) -> list[Batch]:
        """The rows that are ready, by exch_ts, those alike in it as they came."""
        order = array("q", bytes(8 * batch.n))
        self._choose.columns(READ, map(batch.address, READ), batch.n)
        self._choose.buffer("order", order)
        self._choose.run()
        n = self._choose.state.n
        if self._choose.state.late:
            self.drop("on its way for longer than the lateness", self._choose.state.late)
        widths = self.schema.widths
        self._gather.take(order.buffer_info()[0], n, widths, batch.addresses, self._held.reserve(n))
        self._held.commit(n)
        return self._ready(batch.times()[batch.n - 1] - self.lateness)

    def rest(self) -> list[Batch]:
        """All that wait: no more come."""
        return self._ready(None)

    def _ready(self, before: int | None) -> list[Batch]:
        n = self._held.n
        if not n:
            return []
        waits = Batch(self.schema, n, list(self._held.starts))
        order, spare, rank = array("q", bytes(8 * n)), array("q", bytes(8 * n)), array("q")
        self._sort.column("ts", waits.address("exch_ts"), n)
        for name, memory in (("order", order), ("spare", spare), ("rank", rank)):
            self._sort.buffer(name, memory)
        self._sort.run()
        lies = Kept(self.schema)
        at = lies.reserve(n)
        self._gather.take(order.buffer_info()[0], n, self.schema.widths, waits.addresses, at)
        lies.commit(n)
        sorted_ = lies.emptied({})
        times = sorted_.view("exch_ts")
        ready = n if before is None else next((i for i in range(n) if times[i] >= before), n)
        self._held.drop(n)
        rest = sorted_.slice(ready, n)
        if rest.n:
            move(self._held.reserve(rest.n), rest.addresses, self.schema.widths, rest.n)
            self._held.commit(rest.n)
        return [sorted_.slice(0, ready)] if ready else []

    def save(self) -> list[bytes]:
        return self._held.columns() if self._held.n else []

    def load(self, saved: list[bytes]) -> None:
        if saved:
            n = len(saved[0]) // 8
            part = rows_of(self.schema, n, saved)
            move(self._held.reserve(n), part.addresses, self.schema.widths, n)
            self._held.commit(n)
