"""The columns that a graph reads: as float64, or as they are where a kernel wants their own type."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from hq_core import registry
from hq_core.errors import DATA, HqError, did_you_mean
from hq_core.graph import AS, IN
from hq_core.jit import Cell
from hq_core.kernels import moment, ops
from hq_core.memory import room
from hq_core.zones import Clock

if TYPE_CHECKING:
    from hq_core.batch import Batch, Schema
    from hq_core.graph import Graph


TYPES = ", ".join(("f8", *ops.AS_FLOAT))


class Inputs:
    """Addresses of a graph's source columns in a batch; what is read as float64, or on a zone's clock, is copied."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._schema: Schema | None = None
        self._names: list[tuple[str, str]] = []
        self._made: list[tuple[str, str, Cell, array[Any], Clock | None]] = []  # key, column, kernel, room, zone

    def check(self, schema: Schema) -> None:
        """Refuse a series that lacks a column or has it as something that is no number."""
        self._schema = schema
        self._names = []
        self._made = []
        for key in self.graph.sources:
            if key[0] == "@":
                continue  # comes from a feed
            name, _, own = key.partition(AS)
            name, _, zone = name.partition(IN)
            if not schema.has(name):  # a name in brackets may have meant an indicator
                hint = did_you_mean(name, [*schema.names, *registry.names(), *registry.users()])
                raise HqError(f"column '{name}' is missing; {schema.key} has {', '.join(schema.names)}{hint}", DATA)
            kind = schema.kind(name)
            if zone and kind == own:
                self._made.append((key, name, Cell(moment.local), array("q"), Clock(zone)))
            elif kind == (own or "f8"):
                self._names.append((key, name))
            elif own:
                raise HqError(f"column '{name}' of {schema.key} is {kind}; it is read as {own} here", DATA)
            elif kind in ops.AS_FLOAT:
                self._made.append((key, name, Cell(ops.AS_FLOAT[kind]), array("d"), None))
            else:
                raise HqError(f"column '{name}' of {schema.key} is {kind}, not numbers ({TYPES})", DATA)

    def sources(self, batch: Batch) -> dict[str, int]:
        """Name to address, valid until the next call."""
        if batch.schema is not self._schema:
            self.check(batch.schema)
        found = {key: batch.address(name) for key, name in self._names}
        for key, name, cell, memory, clock in self._made:
            found[key] = address = room(memory, batch.n)
            if clock is not None:
                clock.cover(batch.view(name))
                cell.buffer("since", clock.since)
                cell.buffer("offset", clock.offset)
            cell.column("ts" if clock else "x", batch.address(name), batch.n)
            cell.column("out", address, batch.n)
            cell.run()
        return found
