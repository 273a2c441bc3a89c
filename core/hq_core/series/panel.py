"""A plan over a panel whose symbols are computed apart: one graph, each symbol's memory, one native call a batch."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from hq_core.batch import WIDTHS, Batch, Schema, series_key
from hq_core.jit import Cell
from hq_core.memory import move
from hq_core.series.inputs import Inputs, parts
from hq_core.stream.rows import BySymbol, Numbers, Permutation, Room, runs_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hq_core.graph import Graph, GraphColumn
    from hq_core.roles import Out
    from hq_core.series.memories import Memories
    from hq_core.series.plan import Plan

AT_ONCE = 1 << 14  # rows that are put in the order of their symbols: some MiB, which stay in the cache
NOTHING: Mapping[str, int] = {}


class GraphOverPanel:
    """One of the graphs that run over a panel's rows.

    made    bytes a value of each column that it is asked for
    """

    def __init__(self, graph: Graph, wanted: Sequence[GraphColumn]) -> None:
        self.graph = graph
        graph.compile(wanted)
        self.inputs = Inputs(graph)
        self.made = [WIDTHS[out.kind] for out in wanted]
        self._room = Room()

    def announced(self, schema: Schema) -> None:
        self.inputs.check(schema)
        names = self.graph.sources
        needed = dict.fromkeys(parts(name)[0] for name in names if name[0] != "@")
        self._carried = [name for name in names if name[0] == "@"]
        self._places = [schema.index(name) for name in needed]
        self._read = Schema(schema.of, "", schema.period, [schema.cols[at] for at in self._places] or schema.cols[:1])

    def taken(
        self, moved: Permutation, order: int, batch: Batch, carried: Mapping[str, int]
    ) -> tuple[dict[str, int], list[int]]:
        """What it reads of a batch in that order, by name, and where the columns that it is asked for go."""
        n, places = batch.n, self._places
        given = [batch.schema.widths[at] for at in places] + [8] * len(self._carried)
        to = self._room.columns([*given, *self.made], n)
        lie = [batch.addresses[at] for at in places] + [carried[name] for name in self._carried]
        moved.take(order, n, given, lie, to)
        sources = self.inputs.sources(Batch(self._read, n, to[: len(places)], self._room.memory, batch.texts))
        return {**sources, **dict(zip(self._carried, to[len(places) : len(given)]))}, to[len(given) :]


class SymbolsApart:
    """Graphs over the rows of a panel, each symbol on a memory of its own.

    graphs  run one after the other over the same rows; beside: further numbers that are counted of each symbol
    slots   by code, where the memory of a symbol lies
    """

    def __init__(self, schema: Schema, graphs: Sequence[GraphOverPanel], memories: Memories, beside: int = 0) -> None:
        self.graphs = graphs
        self._memories = memories
        self.room = memories.room([one.graph for one in graphs], beside)
        self._table: list[str] = []
        self._known = self._left = 0
        self.slots = array("q")  # -1 - code of a symbol whose memory is not here
        self._symbols, self._moved, self._runs = BySymbol(), Permutation(), Cell(runs_of)
        self._runs_at, self._groups = Numbers(), 0
        self.announced(schema)

    def announced(self, schema: Schema) -> None:
        self.schema = schema
        for one in self.graphs:
            one.announced(schema)

    def begin(self, batch: Batch) -> None:
        """Rows come, of which `run` computes."""
        table = batch.texts.get("symbol", [])
        if table is not self._table or len(table) != self._known or self.room.left != self._left:
            self._learn(table)
        self._symbols.sort(batch)
        self._groups = self._found(batch)

    def run(self, which: int, batch: Batch, carried: Mapping[str, int] = NOTHING) -> list[int]:
        """Compute a graph's columns; where they lie, in the order of the symbols, until it runs again.

        carried  the addresses of columns that the panel does not have, by what the graph calls them
        """
        one, room = self.graphs[which], self.room
        sources, wanted = one.taken(self._moved, self._symbols.order, batch, carried)
        part = room.parts[which % len(self.graphs)]  # behind them lies what is counted
        arenas = part.buffer_info()[0], len(part)
        one.graph.run_apart(sources, batch.n, wanted, *arenas, self._runs_at.at(3 * batch.n), self._groups)
        return wanted

    def put(self, n: int, widths: Sequence[int], wanted: Sequence[int], to: Sequence[int]) -> None:
        """Columns that `run` gave, in the order of the rows."""
        self._moved.put(self._symbols.order, n, widths, wanted, to)

    def _found(self, batch: Batch) -> int:
        """Lay down the runs of one symbol's rows; how many there are."""
        n, schema, runs, stops = batch.n, batch.schema, self._runs, self._symbols.stops
        forming = schema.flag >= 0
        runs.column("stops", stops.buffer_info()[0], len(stops))
        runs.column("slot", self.slots.buffer_info()[0], len(stops))
        runs.column("order", self._symbols.order, n)
        runs.column("complete", batch.addresses[schema.flag] if forming else 0, n if forming else 0)
        runs.column("groups", self._runs_at.at(3 * n), 3 * n)
        runs.run()
        if runs.state.absent:
            self._fetch()
            runs.run()
        return int(runs.state.groups)

    def _fetch(self) -> None:
        """Bring the memories that are not here of the symbols that have rows."""
        for slot in self._runs_at.memory[: 3 * int(self._runs.state.groups) : 3]:
            code = -1 - slot
            if code >= 0 and self.slots[code] < 0:
                key = self._key(self._table[code])
                self._memories.to_room(key, self.room)
                self.slots[code] = self.room.slots[key]

    def _learn(self, table: list[str]) -> None:
        """Other symbols, or other codes for them: a section has begun, or texts have come; or a memory has left."""
        if table is not self._table or self.room.left != self._left:
            self.slots = array("q")
        self._table, self._known, self._left = table, len(table), self.room.left
        here = self.room.here
        for code in range(len(self.slots), len(table)):
            key = self._key(table[code])
            self.slots.append(self.room.slots[key] if key in here else -1 - code)

    def _key(self, symbol: str) -> str:
        return series_key(self.schema, symbol)


class PanelUnit:
    """Adds the columns of a plan, which reads no other series, to the rows of a panel, each symbol as though alone."""

    def __init__(self, schema: Schema, plan: Plan, memories: Memories) -> None:
        self.added = [(name, out.kind) for name, out in plan.columns.items()]
        self._apart = SymbolsApart(schema, [GraphOverPanel(plan.base, list(plan.columns.values()))], memories)
        self.schema, self.written = schema, schema.with_columns(self.added)

    def announce(self, schema: Schema, out: Out) -> None:
        """The panel is announced, perhaps with other columns than before."""
        if not schema.same_as(self.schema):
            self._apart.announced(schema)
            self.written = schema.with_columns(self.added)
        self.schema = schema
        out.series(self.written)

    def rows(self, batch: Batch, out: Out) -> None:
        for part in batch.pieces(AT_ONCE):
            self._piece(part, out)

    def _piece(self, batch: Batch, out: Out) -> None:
        schema, n, apart = batch.schema, batch.n, self._apart
        apart.begin(batch)
        wanted = apart.run(0, batch)
        series = out.series(self.written)
        places = out.rows(series, n)
        move(places, batch.addresses, schema.widths, n)
        apart.put(n, apart.graphs[0].made, wanted, places[len(schema.cols) :])
        out.commit(series, n)
