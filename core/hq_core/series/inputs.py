"""The columns that a graph reads: as float64, or as they are where a kernel wants their own type."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from hq_core import registry
from hq_core.errors import DATA, HqError, did_you_mean
from hq_core.graph import AS, IN, IS
from hq_core.jit import COLUMNS, Cell
from hq_core.kernels import clock, ops
from hq_core.memory import room, stay
from hq_core.zones import Clock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hq_core.batch import Batch, Schema
    from hq_core.graph import Graph


NOTHING: Mapping[str, int] = {}
TYPES = ", ".join(("f8", *ops.AS_FLOAT))


class Made:
    """A column that is made of one of the input: as float64, on a zone's clock, or whether it is a text.

    key  what the graph calls it;  name: of the column that it is made of
    """

    def __init__(
        self, key: str, name: str, cell: Cell, memory: array[Any], zone: str = "", text: str | None = None
    ) -> None:
        self.key = key
        self.name = name
        self._cell, self._memory, self._text = cell, memory, text
        self._reads = next(one for one, kind in cell.kernel.args if kind in COLUMNS)
        self._clock = Clock(zone) if zone else None

    def of(self, batch: Batch) -> int:
        """The address of its values, good until the next batch."""
        cell, clock, n = self._cell, self._clock, batch.n
        if clock is not None:
            clock.cover(batch.view(self.name))
            cell.buffer("since", clock.since)
            cell.buffer("offset", clock.offset)
        elif self._text is not None:
            table = batch.texts.get(self.name, [])
            cell.set(code=table.index(self._text) if self._text in table else -1)
        at = room(self._memory, n)
        cell.column(self._reads, batch.address(self.name), n)
        cell.column("out", at, n)
        cell.run()
        return at


class Inputs:
    """Addresses of a graph's source columns in a batch."""

    __slots__ = ("_at", "_found", "_made", "_places", "_schema", "graph", "texts")

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._schema: Schema | None = None
        self._at: list[int] | None = None  # the columns' places that were asked for last, and what was found
        self._found: Mapping[str, int] = NOTHING
        self._places: list[tuple[str, int]] = []  # of columns that are read as they are
        self._made: list[Made] = []
        self.texts: set[str] = set()  # columns whose texts are looked at

    def check(self, schema: Schema) -> None:
        """Refuse a series that lacks a column or has it as something that is no number."""
        self._schema, self._at = schema, None
        self._places = []
        self._made = []
        for key in self.graph.sources:
            if key[0] == "@":
                continue  # comes from a feed
            name, zone, text, own = parts(key)
            if not schema.has(name):  # a name in brackets may have meant an indicator
                hint = did_you_mean(name, [*schema.names, *registry.names(), *registry.users()])
                raise HqError(f"column '{name}' is missing; {schema.key} has {', '.join(schema.names)}{hint}", DATA)
            kind = schema.kind(name)
            if text is not None and kind == "s4":
                self.texts.add(name)
                self._made.append(Made(key, name, Cell(ops.is_code), array("d"), text=text))
            elif text is not None:
                raise HqError(f"column '{name}' of {schema.key} is {kind}, no text", DATA)
            elif zone and kind == own:
                self._made.append(Made(key, name, Cell(clock.local), array("q"), zone))
            elif kind == (own or "f8"):
                self._places.append((key, schema.index(name)))
            elif own:
                raise HqError(f"column '{name}' of {schema.key} is {kind}; it is read as {own} here", DATA)
            elif kind in ops.AS_FLOAT:
                self._made.append(Made(key, name, Cell(ops.AS_FLOAT[kind]), array("d")))
            else:
                raise HqError(f"column '{name}' of {schema.key} is {kind}, not numbers ({TYPES})", DATA)

    def sources(self, batch: Batch) -> Mapping[str, int]:
        """Name to address, valid until the next call."""
        if batch.schema is not self._schema:
            self.check(batch.schema)
        addresses = batch.addresses
        if addresses is self._at:
            return self._found
        found = {key: addresses[at] for key, at in self._places}
        for made in self._made:
            found[made.key] = made.of(batch)
        self._found, self._at = found, addresses if stay(addresses) and not self._made else None
        return found


def parts(key: str) -> tuple[str, str, str | None, str]:
    """What a graph's key of a source says: the column, the zone or the text that goes with it, and its own type."""
    name, found, text = key.partition(IS)
    if found:  # any text, the empty one too, and whatever stands in it
        return name, "", text, ""
    name, _, own = key.partition(AS)
    name, _, zone = name.partition(IN)
    return name, zone, None, own
