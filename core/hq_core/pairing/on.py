"""What factors of a pair are put together from: the two values, their returns, their moments in a window of time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from hq_core.factoring.window import Window
from hq_core.graph import Graph
from hq_core.pairing.moments import WIDTH, back, moments, moved

if TYPE_CHECKING:
    from hq_core.graph import GraphColumn
    from hq_core.jit import Kernel

READ = {"ts": "i8", "a": "f8", "b": "f8", "given": "i1"}  # of the rows of a pair; given: why a or b lacks


class Moments(NamedTuple):
    """Of the rows in a window: how many, the means, and the sums of products of the distances from them."""

    rows: GraphColumn
    x: GraphColumn
    y: GraphColumn
    xx: GraphColumn
    xy: GraphColumn
    yy: GraphColumn


class Pairing:
    """The graph of a pair.

    a, b   the last values of the first and of the second series, as of ts
    """

    def __init__(self) -> None:
        self.graph = Graph()
        self.ts, self.a, self.b, self.given = (self.graph.source(name, kind) for name, kind in READ.items())

    def apply(self, kernel: Kernel, *inputs: GraphColumn, ring: int = 0, **params: float) -> GraphColumn:
        """The column that a kernel makes of others."""
        return self.graph.node(kernel, inputs, params, ring).out()

    def measured(self, of: int) -> tuple[GraphColumn, GraphColumn]:
        """Both as MEASURES[of] says: their log returns from row to row, or the values."""
        return (self.apply(moved, self.a), self.apply(moved, self.b)) if of == 0 else (self.a, self.b)

    def back(self, x: GraphColumn, rows: int) -> GraphColumn:
        """The value so many rows before."""
        return self.apply(back, x, ring=rows, rows=rows) if rows else x

    def moments(self, x: GraphColumn, y: GraphColumn, window: int) -> Moments:
        """Of the rows of the last `window` ns that have both values; nan in rows that lack one."""
        params: dict[str, Any] = {"window": window}
        tables = Window(moments, WIDTH)
        return Moments(*self.graph.node(moments, [self.ts, x, y], params, 0, Moments._fields, tables=tables).outs)
