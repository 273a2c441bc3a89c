"""A plan over a panel whose symbols are computed apart: one graph, each symbol's memory, one native call a batch."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from hq_core.batch import NEVER, WIDTHS, Batch, Schema
from hq_core.graph import AS
from hq_core.jit import Cell
from hq_core.memory import move
from hq_core.saved import Damaged
from hq_core.series.inputs import Inputs
from hq_core.stream.rows import BySymbol, Numbers, Permutation, Room, runs_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from hq_core.roles import Out
    from hq_core.series.plan import Plan


class PanelUnit:
    """Adds the columns of a plan, which reads no other series, to the rows of a panel, each symbol as though alone.

    saved   gives, once, what a state has of a symbol's series
    """

    def __init__(self, schema: Schema, plan: Plan, saved: Callable[[Schema], dict[str, Any] | None]) -> None:
        self.graph = plan.base
        self.graph.compile(list(plan.columns.values()))
        self.inputs = Inputs(self.graph)
        self.added = [(name, out.kind) for name, out in plan.columns.items()]
        self._saved = saved
        self._slots: dict[str, int] = {}
        self._words = self.graph.words
        self._arenas = array("q")
        self._table: list[str] | None = None
        self._known = 0
        self._slot = array("q")
        self._symbols, self._moved, self._runs = BySymbol(), Permutation(), Cell(runs_of)
        self._groups, self._room = Numbers(), Room()
        self._announced(schema)

    def _announced(self, schema: Schema) -> None:
        self.inputs.check(schema)
        self.schema = schema
        self.written = schema.with_columns(self.added)
        needed = dict.fromkeys(name.partition(AS)[0] for name in self.graph.sources)
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
        if table is not self._table or len(table) != self._known:
            self._learn(table)
        self._symbols.sort(batch)
        order = self._symbols.order
        given = [schema.widths[at] for at in self._places]
        made = [WIDTHS[kind] for _, kind in self.added]
        to = self._room.columns([*given, *made], n)
        self._moved.take(order, n, given, [batch.addresses[at] for at in self._places], to)
        wanted = to[len(given) :]
        sources = self.inputs.sources(Batch(self._read, n, to[: len(given)], self._room.memory))
        arenas = self._arenas.buffer_info()[0], len(self._arenas)
        self.graph.run_apart(sources, n, wanted, *arenas, self._groups.at(3 * n), self._found(batch))
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
        return int(runs.state.groups)

    def _learn(self, table: list[str]) -> None:
        """Other symbols, or other codes for them: a section has begun, or texts have come."""
        for symbol in table[self._known if table is self._table else 0 :]:
            if symbol not in self._slots:
                self._slots[symbol] = len(self._slots)
                self._arenas.frombytes(self._state(symbol))
        self._table, self._known = table, len(table)
        self._slot = array("q", [self._slots[symbol] for symbol in table])

    def _state(self, symbol: str) -> bytes:
        """The memory with which a symbol begins."""
        saved = self._saved(Schema(self.schema.of, symbol, self.schema.period))
        if saved is None:
            return bytes(8 * self._words)
        if saved["feeds"] or saved["pending"]:
            raise Damaged(f"{symbol}: waits for series that are not read here")
        self.graph.load(saved["graph"])
        return bytes(saved["graph"])

    def save(self) -> dict[str, Any]:
        """What a unit of each symbol's series would save, by the series' names."""
        words = self._words
        return {
            Schema(self.schema.of, symbol, self.schema.period).key: {
                "graph": self._arenas[words * at : words * (at + 1)].tobytes(),
                "passed": NEVER,
                "feeds": [],
                "pending": [],
            }
            for symbol, at in self._slots.items()
        }
