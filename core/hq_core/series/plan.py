"""Expressions to graphs: one for the base's rows, one for the rows of each other clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core import registry
from hq_core.graph import IS, Graph, Scratch, Settings
from hq_core.jit import engine, row_by_row
from hq_core.kernels import across, ops
from hq_core.kernels.one_nan import one_nan
from hq_core.kernels.operators import operator
from hq_core.series.expr import BASE, BOOL, F8, NEAR, clock_text, pointwise_logic, stands

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hq_core.graph import GraphColumn
    from hq_core.jit import Kernel
    from hq_core.series.expr import Clock, Expr
    from hq_core.series.rules import Watch


OWN = ("indicator", "output")  # their truths are columns too, which have no value before the first row


class Plan:
    """The graphs of all expressions over one base series; equal parts of them are one node.

    columns   the base's column of each expression, by name
    watched   further columns of the base, which only the rules of `watches` look at
    base      the graph of the base's rows, a new one unless it is given; what it reads of another clock are sources
              named source_name(...)
    others    by clock: the graph of that clock's rows, and the columns asked of it
    scratch   shared with the plans of other series
    carried   sources by the ids of expressions that are values of cross-sections, or known where those are: what they
              are called and how many rows they warm up; None: a series of one symbol, whose rows are alone at their ts
    """

    def __init__(
        self,
        exprs: Mapping[str, Expr],
        settings: Settings | None = None,
        scratch: Scratch | None = None,
        watches: Sequence[Watch] = (),
        carried: Mapping[int, tuple[str, int]] | None = None,
        base: Graph | None = None,
    ) -> None:
        self.carried = carried
        self.settings = settings
        self.scratch = scratch or Scratch()
        self.base = base or Graph(settings, self.scratch)
        self.others: dict[Clock, tuple[Graph, list[GraphColumn]]] = {}
        self._done: dict[tuple[int, Clock], GraphColumn] = {}
        self._kept: list[Expr] = []  # so that no id is used again
        self.columns = {name: self.column(expr) for name, expr in exprs.items()}
        self.watches = watches
        self.watched: list[GraphColumn] = []
        for watch in watches:
            watch.place([self.base.real(self.column(expr)) for expr in watch.exprs], self.watched)

    def column(self, expr: Expr, clock: Clock = BASE) -> GraphColumn:
        """The column of `expr` on `clock`, which is its own or the base's."""
        waiting = [(expr, clock)]  # no recursion: a strategy may build name upon name as long as it likes
        while waiting:
            at = waiting[-1]
            key = id(at[0]), at[1]
            needs = [] if key in self._done or id(at[0]) in (self.carried or ()) else _needs(*at)
            needed = [one for one in needs if (id(one[0]), one[1]) not in self._done]
            if needed:
                waiting += reversed(needed)
                continue
            waiting.pop()
            if key not in self._done:
                self._kept.append(at[0])
                self._done[key] = self._column(*at)
        return self._done[id(expr), clock]

    def kernels(self) -> list[Kernel]:
        """What runs over the rows, those of other clocks first."""
        graphs = [*(graph for graph, _ in self.others.values()), self.base]
        nodes = [node for graph in graphs for node in graph.nodes]
        loops = [row_by_row] if any(node.recall is not None for node in nodes) else []
        return [engine, one_nan, *loops, *(node.kernel for node in nodes)]

    def warmups(self) -> list[str]:
        """A line a node, with how many rows it warms up, in the order in which they run; those of other clocks first.

        What they cost is measured by `costs`.
        """
        import re

        lines = []
        for clock, (graph, asked) in self.others.items():
            graph.compile(asked)
            lines += [f"{line}  on the rows of {clock_text(clock)}" for line in graph.warmups()]
        self.base.compile(list(self.columns.values()))
        read = {
            source_name(clock, i): f"({out!r})@{clock_text(clock)}" if out.node else f"{out!r}@{clock_text(clock)}"
            for clock, (_, asked) in self.others.items()
            for i, out in enumerate(asked)
        }
        return lines + [
            re.sub(r"@[^\s,()]*:\d+:\d+", lambda found: read.get(found[0], found[0]), line)
            for line in self.base.warmups()
        ]

    def _column(self, expr: Expr, clock: Clock) -> GraphColumn:
        graph = self._graph(clock)
        if expr.constant is not None:
            return graph.constant(expr.constant)
        if self.carried is not None and id(expr) in self.carried:
            known = graph.source(self.carried[id(expr)][0])
            known.before = self.carried[id(expr)][1]
            return known
        if expr.dtype not in (F8, BOOL) and expr.op not in ("column", "output"):
            raise TypeError(f"an expression of {expr.dtype} is no column of a graph")
        if not _computed_on(expr, clock):
            assert expr.clock is not None
            assert clock == BASE
            carried = graph.source(source_name(expr.clock, self._ask(expr, expr.clock)))
            return _truth(graph, carried) if expr.dtype == BOOL and expr.op not in OWN else carried
        if expr.op == "column":
            return graph.source(str(expr.data), F8 if IS in str(expr.data) else expr.dtype)
        near = expr.args[0] if expr.op == "output" else expr
        if near.op in NEAR:
            from hq_core.series.vectors import nodes_of  # few plans have any, and kernels take time to load

            outs = nodes_of(graph, near, [self.column(arg, clock) for arg in near.args])
            return outs[near.outputs.index(str(expr.data)) if near is not expr else 0]
        if expr.op == "output":
            return self._indicator(expr.args[0], clock, str(expr.data))
        if expr.op == "indicator":
            return self._indicator(expr, clock, "")
        inputs = [self.column(arg, clock) for arg in expr.args]
        if expr.op == "recall":
            return graph.recall(inputs[0])
        if expr.op == "remember":
            return graph.remember(*inputs)
        if pointwise_logic(expr):
            inputs = [_truth(graph, one) if arg.op in OWN else one for one, arg in zip(inputs, expr.args)]
        if expr.op == "across":
            return graph.node(across.across_one, inputs, {"what": _which(expr)}).out()
        if expr.op == "lag":
            assert isinstance(expr.data, int)
            before = graph.node(ops.lag, inputs, {"bars": expr.data}, ring=expr.data, warmup=expr.data).out()
            return _truth(graph, before) if expr.dtype == BOOL else before
        assert isinstance(expr.data, tuple)
        params, ring = expr.data
        return graph.node(operator(expr.op), inputs, params, ring).out()

    def _indicator(self, expr: Expr, clock: Clock, output: str) -> GraphColumn:
        assert isinstance(expr.data, tuple)
        name, params = expr.data
        outs = self._graph(clock).indicator(name, [self.column(arg, clock) for arg in expr.args], params)
        return outs[list(registry.load(name).outputs).index(output) if output else 0]

    def _ask(self, expr: Expr, clock: Clock) -> int:
        """The number of an expression among the columns asked of another clock's graph."""
        column = self._graph(clock).real(self.column(expr, clock))  # what is carried over is float64
        asked = self.others[clock][1]
        if column not in asked:
            asked.append(column)
        return asked.index(column)

    def _graph(self, clock: Clock) -> Graph:
        if clock == BASE:
            return self.base
        if clock not in self.others:
            self.others[clock] = Graph(self.settings, self.scratch), []
        return self.others[clock][0]


def _which(expr: Expr) -> int:
    assert isinstance(expr.data, tuple)
    return int(expr.data[1])


def _needs(expr: Expr, clock: Clock) -> list[tuple[Expr, Clock]]:
    """What must be a column before `expr` can be one on `clock`."""
    if expr.constant is not None:
        return []
    if not _computed_on(expr, clock):
        assert expr.clock is not None
        return [(expr, expr.clock)]
    args = expr.args[0].args if expr.op == "output" else expr.args
    return [(one, clock) for one in args]


def _computed_on(expr: Expr, clock: Clock) -> bool:
    """Whether `expr` is computed on the rows of `clock`; otherwise on its own, and carried there.

    Of a clock that has no row yet nothing can be carried.  What has a value even so, as NOT, NA and NZ of what is not
    there, is computed where it is read, and is the same on whichever rows it stands.
    """
    return expr.clock in (clock, None) or stands(expr)


def _truth(graph: Graph, condition: GraphColumn) -> GraphColumn:
    """A condition that may have no value, as a truth: what is not there is false."""
    return graph.node(ops.eq, [condition, graph.constant(1.0)]).out()


def source_name(clock: Clock, number: int) -> str:
    """What the base's graph calls column `number` of another clock."""
    return f"@{clock[0]}:{clock[1]}:{number}"
