"""A panel that strategies run on, each symbol by itself: orders are written before its rows, columns beside them."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from hq_core.batch import WIDTHS, Batch, told_texts
from hq_core.memory import move, room
from hq_core.series.orders import BySlot
from hq_core.series.panel import AT_ONCE, NOTHING, GraphOverPanel, SymbolsApart

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hq_core.batch import Schema
    from hq_core.roles import Out
    from hq_core.series.cross import Turns
    from hq_core.series.memories import Memories
    from hq_core.series.orders import Orders
    from hq_core.series.plan import Plan


class OrderedSymbols:
    """The symbols of the orders' panel of a period, which all panels of bars of that period share."""

    def __init__(self) -> None:
        self.codes: dict[str, int] = {}
        self._told = -1  # how many of them the open section has been given; -1: nor the texts of the other codes

    def add(self, symbol: str) -> None:
        self.codes.setdefault(symbol, len(self.codes))

    def anew(self) -> None:
        """A section begins, which is given all texts anew."""
        self._told = -1

    def tell(self, orders: Orders, out: Out) -> None:
        """The panel, and the texts that have not been given, before the rows that use them."""
        if self._told == len(self.codes) or orders.tell is not None:
            return
        key = orders.schema.key
        out.series(orders.schema)
        for name, texts in orders.texts.items() if self._told < 0 else ():
            for frame in told_texts(key, name, texts):
                out.map(frame)
        for frame in told_texts(key, "symbol", list(self.codes)[max(self._told, 0) :]):
            out.map(frame)
        self._told = len(self.codes)


class BasePanel:
    """A panel that strategies run on.

    plan      what is computed of each symbol: its columns are added to the rows, orders look at its watched ones
    symbols   those of the orders
    turns     what is computed before it where there are cross-sections
    """

    def __init__(
        self,
        schema: Schema,
        plan: Plan,
        memories: Memories,
        orders: Orders,
        symbols: OrderedSymbols,
        turns: Turns | None = None,
    ) -> None:
        self.schema = schema
        self.orders = orders
        self.symbols = symbols
        self.added = [(name, out.kind) for name, out in plan.columns.items()]
        self._widths = [WIDTHS[kind] for _, kind in self.added]
        self.written = schema.with_columns(self.added)
        self.turns = turns
        graphs = [GraphOverPanel(one.base, list(one.columns.values())) for one in (turns.first if turns else ())]
        graphs.append(GraphOverPanel(plan.base, [*plan.columns.values(), *plan.watched]))
        self.apart = SymbolsApart(schema, graphs, memories, orders.groups)
        self._added: list[array[Any]] = [array("d") for _ in self.added]
        self._named = array("i")
        self._table: Sequence[str] = ()
        self._sizes = 0, 0

    def tell(self, out: Out) -> None:
        """Give the symbols that have come to whoever reads the orders."""
        self.symbols.tell(self.orders, out)

    def announce(self, schema: Schema, out: Out, silent: bool) -> None:
        if not schema.same_as(self.schema):
            self.apart.announced(schema)
            self.written = schema.with_columns(self.added)
        self.schema = schema
        self.tell(out)
        if not silent:
            out.series(self.written)

    def rows(self, batch: Batch, out: Out, silent: bool) -> None:
        """Rows of symbols of which this is the base; `silent`: they are not written here."""
        for part in batch.pieces(AT_ONCE):
            self.apart.begin(part)
            self.write(part, out, silent)

    def write(self, batch: Batch, out: Out, silent: bool, carried: Mapping[str, int] = NOTHING) -> None:
        """As `rows`, of rows of which all that comes before has been computed; carried: its columns, by their names."""
        n, apart, orders = batch.n, self.apart, self.orders
        self.tell(out)
        wanted = apart.run(-1, batch, carried)
        added = [room(memory, n) for memory in self._added]
        apart.put(n, apart.graphs[-1].made, wanted, [*added, *orders.room(n)])
        orders.write(batch, out, BySlot(apart.slots, self._codes(batch.texts["symbol"]), apart.room.parts[-1]))
        if not silent:
            series = out.series(self.written)
            move(out.rows(series, n), [*batch.addresses, *added], [*batch.schema.widths, *self._widths], n)
            out.commit(series, n)

    def _codes(self, table: Sequence[str]) -> array[int]:
        """The codes of the symbols among the orders; -1 for those of which this is no base."""
        known = self.symbols.codes
        if table is not self._table or (len(table), len(known)) != self._sizes:
            self._table, self._sizes = table, (len(table), len(known))
            self._named = array("i", [known.get(symbol, -1) for symbol in table])
        return self._named
