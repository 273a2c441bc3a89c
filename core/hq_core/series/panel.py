"""A plan over a panel whose symbols are computed apart: one graph, each symbol's memory, one native call a batch."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from hq_core.batch import WIDTHS, Batch, Schema
from hq_core.jit import Cell
from hq_core.memory import move
from hq_core.series.inputs import Inputs, parts
from hq_core.stream.rows import BySymbol, Numbers, Permutation, Room, runs_of

if TYPE_CHECKING:
    from hq_core.roles import Out
    from hq_core.series.memories import Memories
    from hq_core.series.plan import Plan


class PanelUnit:
    """Adds the columns of a plan, which reads no other series, to the rows of a panel, each symbol as though alone."""

    def __init__(self, schema: Schema, plan: Plan, memories: Memories) -> None:
        self.graph = plan.base
        self.graph.compile(list(plan.columns.values()))
        self.inputs = Inputs(self.graph)
        self.added = [(name, out.kind) for name, out in plan.columns.items()]
        self._memories = memories
        self._at = memories.room(self.graph)
        self._table: list[str] = []
        self._known = self._left = 0
        self._slot = array("q")  # by code, where the memory of a symbol lies; -1 - code where it is not here
        self._symbols, self._moved, self._runs = BySymbol(), Permutation(), Cell(runs_of)
        self._groups, self._room = Numbers(), Room()
        self._announced(schema)

    def _announced(self, schema: Schema) -> None:
        self.inputs.check(schema)
        self.schema = schema
        self.written = schema.with_columns(self.added)
        needed = dict.fromkeys(parts(key)[0] for key in self.graph.sources)
        self._places = [schema.index(name) for name in needed]
        self._read = Schema(schema.of, "", schema.period, [schema.cols[at] for at in self._places] or schema.cols[:1])

    def announce(self, schema: Schema, out: Out) -> None:
        """The panel is announced, perhaps with other columns than before."""
        if not schema.same_as(self.schema):
            self._announced(schema)
        self.schema = schema
        out.series(self.written)

    def rows(self, batch: Batch, out: Out) -> None:
        schema, n = batch.schema, batch.n
        table = batch.texts.get("symbol", [])
        if table is not self._table or len(table) != self._known or self._at.left != self._left:
            self._learn(table)
        self._symbols.sort(batch)
        order = self._symbols.order
        given = [schema.widths[at] for at in self._places]
        made = [WIDTHS[kind] for _, kind in self.added]
        to = self._room.columns([*given, *made], n)
        self._moved.take(order, n, given, [batch.addresses[at] for at in self._places], to)
        wanted = to[len(given) :]
        sources = self.inputs.sources(Batch(self._read, n, to[: len(given)], self._room.memory))
        groups = self._found(batch)
        arenas = self._at.arenas.buffer_info()[0], len(self._at.arenas)
        self.graph.run_apart(sources, n, wanted, *arenas, self._groups.at(3 * n), groups)
        series = out.series(self.written)
        places = out.rows(series, n)
        move(places, batch.addresses, schema.widths, n)
        self._moved.put(order, n, made, wanted, places[len(schema.cols) :])
        out.commit(series, n)

    def _found(self, batch: Batch) -> int:
        """Lay down the runs of one symbol's rows; how many there are."""
        n, schema, runs, stops = batch.n, batch.schema, self._runs, self._symbols.stops
        forming = schema.flag >= 0
        runs.column("stops", stops.buffer_info()[0], len(stops))
        runs.column("slot", self._slot.buffer_info()[0], len(stops))
        runs.column("order", self._symbols.order, n)
        runs.column("complete", batch.addresses[schema.flag] if forming else 0, n if forming else 0)
        runs.column("groups", self._groups.at(3 * n), 3 * n)
        runs.run()
        if runs.state.absent:
            self._fetch()
            runs.run()
        return int(runs.state.groups)

    def _fetch(self) -> None:
        """Bring the memories that are not here of the symbols that have rows."""
        for slot in self._groups.memory[: 3 * int(self._runs.state.groups) : 3]:
            code = -1 - slot
            if code >= 0 and self._slot[code] < 0:
                key = self._key(self._table[code])
                self._memories.to_room(key, self._at)
                self._slot[code] = self._at.slots[key]

    def _learn(self, table: list[str]) -> None:
        """Other symbols, or other codes for them: a section has begun, or texts have come; or a memory has left."""
        if table is not self._table or self._at.left != self._left:
            self._slot = array("q")
        self._table, self._known, self._left = table, len(table), self._at.left
        here = self._at.here
        for code in range(len(self._slot), len(table)):
            key = self._key(table[code])
            self._slot.append(self._at.slots[key] if key in here else -1 - code)

    def _key(self, symbol: str) -> str:
        return f"{self.schema.of}/{symbol}/{self.schema.period}"
