"""What one stage writes, given to the next or kept, without a wire between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.batch import Batch, Schema, Texts, own, rank
from hq_core.memory import FIRST_ROWS, Memory, after, move
from hq_core.roles import End, Head, Idle, Map, Mark, Sink
from hq_core.stream.gather import gathered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from hq_core.roles import Item, Out

ENOUGH = 64  # rows that a series has room for at least when it has had more than at first


class PendingRows:
    """The rows of one series that the next stage has not been given yet."""

    __slots__ = ("memory", "n", "owned", "rank", "room", "schema", "starts")

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.rank = rank(schema)
        self.n = 0
        self.room = 0
        self.memory: Memory | None = None
        self.starts: list[int] = []
        self.owned: list[Memory] = []  # the bytes of free text

    def grow(self, room: int) -> None:
        """Make room; there must be no rows."""
        self.room = room
        self.memory = Memory(self.schema.blob(room))
        self.starts = self.schema.places(self.memory.address, room)


class Handover:
    """Takes what a stage writes, as a Writer does, and gives it to a sink, in the order that a Writer has."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self._held: dict[str, PendingRows] = {}
        self._waiting: list[PendingRows] = []  # those that have rows
        self._texts = Texts()

    def series(self, schema: Schema) -> PendingRows:
        found = self._held.get(schema.key)
        if found is None or not found.schema.same_as(schema):
            self.flush()
            found = self._held[schema.key] = PendingRows(schema)
            self.sink.schema(schema)
        return found

    def rows(self, held: PendingRows, n: int) -> list[int]:
        if held.n + n > held.room:
            self.flush()
            if n > held.room or held.room < ENOUGH:
                held.grow(max(n, min(2 * held.room, ENOUGH), FIRST_ROWS))
        return after(held.starts, held.schema.widths, held.n)

    def commit(self, held: PendingRows, n: int) -> None:
        if n and not held.n:
            self._waiting.append(held)
        held.owned += own(held.schema, held.starts, held.n, n)
        held.n += n

    def copy(self, batch: Batch, held: PendingRows | None = None) -> None:
        held = held or self.series(batch.schema)
        move(self.rows(held, batch.n), batch.addresses, batch.schema.widths, batch.n)
        self.commit(held, batch.n)

    def map(self, frame: dict[str, Any]) -> None:
        self.flush()
        self._texts.take(frame)
        self.sink.other(frame)

    def mark(self, ts: int) -> None:
        self.flush()
        self.sink.mark(ts)

    def section(self) -> None:
        """Texts of codes are given anew from here on, which the sink is told of elsewhere."""
        self.flush()
        self._texts.clear()

    def flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        for held in sorted(waiting, key=lambda one: one.rank):
            n, held.n = held.n, 0
            texts = self._texts.of(held.schema.key)
            self.sink.rows(Batch(held.schema, n, list(held.starts), held.memory, texts))
            held.owned = []


class Twice:
    """Writes the same to two outs: what a stage writes by series, rows, commit and map."""

    def __init__(self, first: Out, second: Out) -> None:
        self._outs = first, second
        self._lie: list[int] = []  # where the rows are that come next

    def series(self, schema: Schema) -> tuple[Schema, list[Any]]:
        return schema, [out.series(schema) for out in self._outs]

    def rows(self, held: tuple[Schema, list[Any]], n: int) -> list[int]:
        self._lie = self._outs[0].rows(held[1][0], n)
        return self._lie

    def commit(self, held: tuple[Schema, list[Any]], n: int) -> None:
        schema, (here, there) = held
        move(self._outs[1].rows(there, n), self._lie, schema.widths, n)
        self._outs[1].commit(there, n)
        self._outs[0].commit(here, n)

    def copy(self, batch: Batch, held: tuple[Schema, list[Any]] | None = None) -> None:
        for i, out in enumerate(self._outs):
            out.copy(batch, held[1][i] if held else None)

    def map(self, frame: dict[str, Any]) -> None:
        for out in self._outs:
            out.map(frame)

    def mark(self, ts: int) -> None:
        for out in self._outs:
            out.mark(ts)

    def flush(self) -> None:
        for out in self._outs:
            out.flush()


class Taken(Sink):
    """Keeps the items that it is given until somebody asks for them."""

    def __init__(self) -> None:
        self._items: list[Item] = []

    def schema(self, schema: Schema) -> None:
        self._items.append(schema)

    def rows(self, batch: Batch) -> None:
        self._items.append(batch.copied())  # its room is used again before it is asked for

    def mark(self, ts: int) -> None:
        self._items.append(Mark(ts))

    def other(self, frame: dict[str, Any]) -> None:
        self._items.append(Map(frame))

    def pop(self) -> list[Item]:
        items, self._items = self._items, []
        return items


def give(item: Item, sink: Sink) -> None:
    """One item to a sink; heads and ends are the affair of whoever drives it.  TypeError for what is no item."""
    to = TAKEN_BY.get(type(item))
    if to is None:
        raise TypeError(f"{type(item).__name__} is no item of a stream; read(path) and generate(...) give items")
    to(item, sink)


def _nobody(item: Item, sink: Sink) -> None:
    pass


# by type, as a stream of signals has hundreds of thousands of maps
TAKEN_BY: dict[type, Callable[[Any, Sink], None]] = {
    Batch: lambda item, sink: sink.rows(item),
    Schema: lambda item, sink: sink.schema(item),
    Map: lambda item, sink: sink.other(item),
    Mark: lambda item, sink: sink.mark(item.ts),
    Idle: lambda item, sink: sink.flush(),
    Head: _nobody,
    End: _nobody,
}


class Given(Taken):
    """As Taken, of rows that stay valid until they are asked for."""

    def rows(self, batch: Batch) -> None:
        self._items.append(batch)


def split(source: Iterable[Item], more: Callable[[], bool] = lambda: False) -> Iterator[Item]:
    """The items of a source, panels taken apart into the series of their symbols.

    more  whether it can be read on without waiting: rows are gathered until then
    """
    taken, splitter = Given(), None
    for item in gathered(source, more):
        if splitter is None and isinstance(item, Schema) and item.panel:
            from hq_core.stream.splitter import Splitter  # few inputs have panels

            splitter = Splitter(taken)
        if splitter is None or isinstance(item, (Head, End, Idle)):
            if splitter is not None and not isinstance(item, Idle):
                splitter.section()
                yield from taken.pop()
            yield item
        else:
            give(item, splitter)
            yield from taken.pop()
