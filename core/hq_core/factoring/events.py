"""What factors read: each event, the book behind it, and its best prices."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hq_core.book.book import Book
from hq_core.book.events import GOOD, book_pass
from hq_core.book.run import INS, OUTS
from hq_core.errors import DATA, HqError, did_you_mean
from hq_core.factoring.declare import FACTORS
from hq_core.graph import Graph
from hq_core.jit import F8, I1, I8, kernel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hq_core.factoring.declare import Factor
    from hq_core.graph import GraphColumn, Node
    from hq_core.registry import Value

OF_INTAKE = dict(INS)  # what the book pass reads
OF_ROWS = {"ts": "i8", "exch_ts": "i8", "px": "f8"}
MADE = tuple(name for name, _ in OUTS)  # by the book pass
PRICES = {  # in their order
    "bid_px": "best bid; nan where the book is not good",
    "ask_px": "best ask; nan where the book is not good",
    "mid_px": "their mean",
}


BOOK = {"prev_bid", "prev_ask", "bid", "ask", "bid_qty", "ask_qty", "quality", *PRICES}  # what the book says


@kernel(wraps=False)
def priced(bid: I8, ask: I8, quality: I1, over: float, under: float, bid_px: F8, ask_px: F8, mid_px: F8) -> None:
    """The best prices; nan where the book is not good.  A tick is over / under."""
    b = 0
    a = 0
    low = math.nan
    high = math.nan
    mid = math.nan
    was = -1
    for i in range(len(bid)):
        if bid[i] != b or ask[i] != a or quality[i] != was:  # few events move a price
            b = bid[i]
            a = ask[i]
            was = quality[i]
            good = was == GOOD
            low = b * over / under if good else math.nan  # nearest to the decimal, as no step in between is rounded
            high = a * over / under if good else math.nan
            mid = (b + a) * over / (2.0 * under) if good else math.nan
        bid_px[i] = low
        ask_px[i] = high
        mid_px[i] = mid


class Events:
    """The graph of one book's events, to which factors are added.

    tick, lot   steps of prices and quantities as fractions
    """

    def __init__(self, tick: tuple[int, int], lot: tuple[int, int], graph: Graph | None = None) -> None:
        self.graph = graph or Graph()
        self.book = Book(lot)
        self._tick = tick
        inputs = [self.graph.source(name, kind) for name, kind in OF_INTAKE.items()]
        self.host: Node = self.graph.node(book_pass, inputs, self.book.params, outputs=MADE, tables=self.book)
        self._columns = dict(zip(MADE, self.host.outs))

    def column(self, name: str, bound: Mapping[str, Value]) -> GraphColumn:
        """A column by its name; `rvar()` is the first one of that factor, of the parameters that are given."""
        found = self._columns.get(name)
        if found is not None:
            return found
        if name in OF_ROWS or name in OF_INTAKE:
            found = self.graph.source(name, (OF_ROWS | OF_INTAKE)[name])
        elif name in PRICES:
            touch = [self._columns[one] for one in ("bid", "ask", "quality")]
            step = {"over": float(self._tick[0]), "under": float(self._tick[1])}
            self._columns.update(zip(PRICES, self.graph.node(priced, touch, step, outputs=tuple(PRICES)).outs))
            found = self._columns[name]
        elif name.endswith("()"):
            return self.factor(FACTORS.load(name[:-2]), bound)[0]
        else:
            known = [*MADE, *OF_ROWS, *PRICES]
            raise HqError(f"there is no column '{name}' of events{did_you_mean(name, known)}", DATA)
        self._columns[name] = found
        return found

    def reads_book(self, entry: Factor) -> bool:
        """Whether a factor needs a book that is good."""
        others = (FACTORS.load(name[:-2]) for name in entry.inputs if name.endswith("()"))
        return entry.deep or not BOOK.isdisjoint(entry.inputs) or any(map(self.reads_book, others))

    def factor(self, entry: Factor, bound: Mapping[str, Value]) -> Sequence[GraphColumn]:
        """The columns of a factor."""
        inputs = [self.column(name, bound) for name in entry.inputs]
        return entry.placed(self.graph, inputs, bound, self._tick, self.host)
