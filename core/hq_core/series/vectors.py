"""Vectors, stores and hits as expressions, and the node of a graph that finds what is near."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.batch import period_text
from hq_core.kernels import hits
from hq_core.kernels.nearest import METHODS
from hq_core.kernels.normal import METHODS as NORMS
from hq_core.series.expr import HIT, STORE, Expr, align
from hq_core.series.making import Making

if TYPE_CHECKING:
    from hq_core.graph import Graph, GraphColumn
    from hq_core.series.stores import Store

OUTPUTS = ("score", "label", "ts", "id", "count")  # of a hit, in the order of the kernel's


class Search:
    """What a hit is looked for with.

    making  how the vector is made;  method, k, least: of the nearest, by which measure, and not below
    """

    __slots__ = ("k", "least", "length", "making", "method", "store")

    def __init__(self, store: Store, length: int, making: Making, method: str, k: int, least: float) -> None:
        self.store = store
        self.length = length
        self.making = making
        self.method = method
        self.k = k
        self.least = least


def vector(of: Expr, length: int, norm: str) -> Expr:
    """The last `length` values of a series, normalised."""
    return Expr(f"f4x{length}", of.clock, "vector", (of,), (length, norm))


def store(found: Store | None) -> Expr:
    """A store; None: one of which nothing is known, which no graph is made of."""
    return Expr(STORE, None, "const", data=found)


def hit(of: Expr, shape: Expr, making: Making, method: str, k: int, least: float) -> Expr:
    """What of a store is nearest to a vector, which is made so, at each row of the vector's clock."""
    found: Any = of.data
    if found is not None:
        found.methods.add(method)
    return Expr(HIT, shape.clock, "hit", shape.args, Search(found, length_of(shape), making, method, k, least), OUTPUTS)


def alike(one: Expr, other: Expr, method: str) -> Expr:
    """How like two vectors are: a number."""
    length, norm = _shape(one)
    data = length, norm, _shape(other)[1], method
    return Expr("f8", align(one, other), "alike", (*one.args, *other.args), data)


def is_vector(expr: Expr) -> bool:
    return expr.dtype.startswith("f4x")


def length_of(expr: Expr) -> int:
    return int(expr.dtype[3:])


def making_of(expr: Expr, own: int) -> Making:
    """How a vector is made, on a base whose period has so many ns, or 0 where that is not known.

    What is computed has no column's name: a store's column may hold just that.
    """
    (of,) = expr.args
    period = expr.clock[1] if expr.clock else 0
    return Making(str(of.data) if of.op == "column" else "", _shape(expr)[1], period_text(period or own))


def _shape(expr: Expr) -> tuple[int, str]:
    assert isinstance(expr.data, tuple)
    length, norm = expr.data
    return length, norm


def nodes_of(graph: Graph, expr: Expr, inputs: list[GraphColumn]) -> list[GraphColumn]:
    """The columns of a hit, as OUTPUTS has them, or of `alike`: made if they are not there."""
    if expr.op == "alike":
        assert isinstance(expr.data, tuple)
        length, norm, other, method = expr.data
        given = {"length": length, "norm": NORMS.index(norm), "other": NORMS.index(other)}
        given["method"] = METHODS.index(method)
        room = {"given": bytearray(8 * length)}
        return graph.node(hits.alike, inputs, given, 2 * length, ("score",), length - 1, room).outs
    asked = expr.data
    assert isinstance(asked, Search)
    params = {
        "length": asked.length,
        "norm": NORMS.index(asked.making.normalize),
        "method": METHODS.index(asked.method),
        "k": asked.k,
        "least": asked.least,
    }
    found = asked.store
    found.expect(asked.length, asked.making)
    what, tables = hits.hit, found.tables(asked.method, asked.k) if not found.outside else None
    if tables is None:
        from hq_core.series.outside import Answers  # few runs search elsewhere

        what, tables = hits.hit_outside, Answers(found, asked.length, asked.method, asked.k, asked.least)
    columns = [*inputs, graph.source("ts", "i8")]
    return graph.node(what, columns, params, asked.length, OUTPUTS, asked.length - 1, tables, found.digest).outs
