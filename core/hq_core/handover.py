"""Stages one after the other in one process: what one writes, the next is given, without a wire between them."""
from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

from hq_core.batch import Batch, Schema, period_ns
from hq_core.wire.frame import Memory

if TYPE_CHECKING:
    from hq_core.stage import Stage

_move = ctypes.memmove


class Held:
    """The rows of one series that the next stage has not been given yet."""

    __slots__ = ("memory", "n", "room", "schema", "starts")

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
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
        self._order: list[Held] = []

    def series(self, schema: Schema) -> Held:
        found = self._held.get(schema.key)
        if found is None or not found.schema.same_as(schema):
            self.flush()
            if found is not None:
                self._order.remove(found)
            found = self._held[schema.key] = Held(schema)
            self._order.append(found)
            self._order.sort(key=lambda held: -period_ns(held.schema.period))
            self.stage.schema(schema)
        return found

    def rows(self, held: Held, n: int) -> list[int]:
        if held.n + n > held.room:
            self.flush()
            if n > held.room:
                held.grow(max(n, 64))
        return [at + w * held.n for at, w in zip(held.starts, held.schema.widths)]

    def commit(self, held: Held, n: int) -> None:
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
        for held in self._order:
            if held.n:
                n, held.n = held.n, 0
                self.stage.rows(Batch(held.schema, n, list(held.starts), held.memory))
