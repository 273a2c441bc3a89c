"""Stages one after the other in one process: what one writes, the next is given, without a wire between them."""
from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

from hq_core.batch import Batch, Schema, period_ns
from hq_core.wire.frame import Memory

if TYPE_CHECKING:
    from hq_core.stage import Stage

FEW, ENOUGH = 4, 64     # rows that a series has room for at first, and at least when it has had more

_move = ctypes.memmove


class Held:
    """The rows of one series that the next stage has not been given yet."""

    __slots__ = ("memory", "n", "rank", "room", "schema", "starts")

    def __init__(self, schema: Schema, number: int) -> None:
        self.schema = schema
        self.rank = -period_ns(schema.period), number       # as a Writer's series
        self.n = 0
        self.room = 0
        self.memory: Memory | None = None
        self.starts: list[int] = []

    def grow(self, room: int) -> None:
        """Make room; there must be no rows."""
        self.room = room
        self.memory = Memory(self.schema.blob(room))
        self.starts = self.schema.places(self.memory.address, room)


class Handover:
    """Takes what a stage writes, as a Writer does, and gives it to `stage`; coarse periods before fine ones."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self._held: dict[str, Held] = {}
        self._announced = 0
        self._waiting: list[Held] = []      # those that have rows

    def series(self, schema: Schema) -> Held:
        found = self._held.get(schema.key)
        if found is None or not found.schema.same_as(schema):
            self.flush()
            self._announced += 1
            found = self._held[schema.key] = Held(schema, self._announced)
            self.stage.schema(schema)
        return found

    def rows(self, held: Held, n: int) -> list[int]:
        if held.n + n > held.room:
            self.flush()
            if n > held.room or held.room < ENOUGH:
                held.grow(max(n, min(2 * held.room, ENOUGH), FEW))
        return [at + w * held.n for at, w in zip(held.starts, held.schema.widths)]

    def commit(self, held: Held, n: int) -> None:
        if n and not held.n:
            self._waiting.append(held)
        held.n += n

    def copy(self, batch: Batch, held: Held | None = None) -> None:
        held = held or self.series(batch.schema)
        for to, at, w in zip(self.rows(held, batch.n), batch.addresses, batch.schema.widths):
            _move(to, at, w * batch.n)
        self.commit(held, batch.n)

    def map(self, frame: dict[str, Any]) -> None:
        self.flush()
        self.stage.other(frame)

    def mark(self, ts: int) -> None:
        self.flush()
        self.stage.mark(ts)

    def flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        for held in sorted(waiting, key=lambda one: one.rank):
            n, held.n = held.n, 0
            self.stage.rows(Batch(held.schema, n, list(held.starts), held.memory))
