"""The columns that a graph reads: as float64, or as they are where a kernel wants their own type."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from hq_core import registry
from hq_core.errors import DATA, HqError, did_you_mean
from hq_core.graph import AS
from hq_core.jit import Cell
from hq_core.kernels import ops
from hq_core.memory import room

if TYPE_CHECKING:
    from hq_core.batch import Batch, Schema
    from hq_core.graph import Graph


class Inputs:
    """Addresses of a graph's source columns in a batch; whole numbers that are read as float64 are copied."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._schema: Schema | None = None
        self._names: list[tuple[str, str]] = []
        self._whole: list[tuple[str, Cell, array[float]]] = []

    def check(self, schema: Schema) -> None:
        """Refuse a series that lacks a column or has it as something that is no number."""
        self._schema = schema
        self._names = []
        self._whole = []
        for key in self.graph.sources:
            if key[0] == "@":
                continue  # comes from a feed
            name, _, own = key.partition(AS)
            if not schema.has(name):  # a name in brackets may have meant an indicator
                hint = did_you_mean(name, [*schema.names, *registry.names(), *registry.users()])
                raise HqError(f"column '{name}' is missing; {schema.key} has {', '.join(schema.names)}{hint}", DATA)
            kind = schema.kind(name)
            if kind == (own or "f8"):
                self._names.append((key, name))
            elif own:
                raise HqError(f"column '{name}' of {schema.key} is {kind}; it is read as {own} here", DATA)
            elif kind == "i8":
                self._whole.append((name, Cell(ops.as_float), array("d")))
            else:
                raise HqError(f"column '{name}' of {schema.key} is {kind}, not numbers (f8, i8)", DATA)

    def sources(self, batch: Batch) -> dict[str, int]:
        """Name to address, valid until the next call."""
        if batch.schema is not self._schema:
            self.check(batch.schema)
        found = {key: batch.address(name) for key, name in self._names}
        for name, cell, memory in self._whole:
            address = room(memory, batch.n)
            cell.column("x", batch.address(name), batch.n)
            cell.column("out", address, batch.n)
            cell.run()
            found[name] = address
        return found
