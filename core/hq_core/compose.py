"""Indicators put together from others: each part is a node of the graph and is shared with whoever asks for it too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core import registry
from hq_core.errors import HqError
from hq_core.kernels import ops

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hq_core.graph import Graph, GraphColumn
    from hq_core.jit import Kernel


class Line:
    """A column of a graph with arithmetic: `2.0 * first - second` makes the nodes that compute it."""

    __slots__ = ("graph", "out")

    def __init__(self, graph: Graph, out: GraphColumn) -> None:
        self.graph = graph
        self.out = out

    @property
    def warmup(self) -> int:
        return self.out.warmup

    def _with(self, kernel: Kernel, other: Line | float, swapped: bool = False) -> Line:
        right = other.out if isinstance(other, Line) else self.graph.constant(float(other))
        pair = (right, self.out) if swapped else (self.out, right)
        return Line(self.graph, self.graph.node(kernel, pair).out())

    def __add__(self, other: Line | float) -> Line:
        return self._with(ops.add, other)

    def __sub__(self, other: Line | float) -> Line:
        return self._with(ops.sub, other)

    def __mul__(self, other: Line | float) -> Line:
        return self._with(ops.mul, other)

    def __truediv__(self, other: Line | float) -> Line:
        """The ratio; nan where `other` is 0."""
        return self._with(ops.div, other)

    def __radd__(self, other: float) -> Line:
        return self._with(ops.add, other, swapped=True)

    def __rsub__(self, other: float) -> Line:
        return self._with(ops.sub, other, swapped=True)

    def __rmul__(self, other: float) -> Line:
        return self._with(ops.mul, other, swapped=True)

    def __rtruediv__(self, other: float) -> Line:
        return self._with(ops.div, other, swapped=True)


class Nodes:
    """What a composite is written with: every indicator by its name, `on.ema(close, 20)`, and the steps below."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    @property
    def compat(self) -> str:
        return self.graph.settings.compat

    def unstable(self, name: str) -> int:
        """Rows that are nan after the warm-up of this indicator."""
        return self.graph.settings.unstable.get(name, 0)

    def plain(self, *names: str) -> bool:
        """True if these indicators run by TA-Lib's own rules, so that one kernel may stand for several of them."""
        return self.compat == "talib" and not any(map(self.unstable, names))

    def __getattr__(self, name: str) -> Callable[..., Any]:
        entry = registry.load(name)

        def made(*given: Line | registry.Value, **named: registry.Value) -> Any:
            lines = [one.out for one in given if isinstance(one, Line)]
            bound = entry.bind([one for one in given if not isinstance(one, Line)], named)
            found = [Line(self.graph, out) for out in self.graph.indicator(name, lines, bound)]
            return found[0] if len(found) == 1 else tuple(found)

        return made

    def apply(
        self, kernel: Kernel, *lines: Line, outputs: int = 1, ring: int = 0, warmup: int = 0, **params: float
    ) -> Any:
        """The columns of a kernel that is no indicator: a Line, or a tuple of as many as it has outputs."""
        node = self.graph.node(kernel, [line.out for line in lines], params, ring, outputs, warmup)
        found = [Line(self.graph, out) for out in node.outs]
        return found[0] if outputs == 1 else tuple(found)

    def average(self, line: Line, period: int, matype: str) -> Line:
        """The moving average of kind `matype`; over one row it is the row itself, as TA-Lib has it."""
        if period == 1 or matype == "none":
            return line
        found: Line = self.mama(line)[0] if matype == "mama" else getattr(self, matype)(line, period)
        return found

    def lag(self, line: Line, bars: int) -> Line:
        """The value of `bars` rows before."""
        found: Line = self.apply(ops.lag, line, bars=bars, ring=bars, warmup=bars) if bars else line
        return found

    def skip(self, line: Line, rows: int) -> Line:
        """The column without its first `rows` finite rows: what comes after it starts later."""
        found: Line = self.apply(ops.skip, line, rows=rows, warmup=rows) if rows else line
        return found

    def starting(self, warmup: int, made: Callable[..., Line], *lines: Line) -> Line:
        """made(*lines) with its first value on row `warmup`: of the lines as many first rows are skipped."""
        found = made(*lines)
        late = warmup - found.warmup
        return made(*(self.skip(line, late) for line in lines)) if late > 0 else found

    def together(self, *lines: Line) -> tuple[Line, ...]:
        """The columns, each nan where one of them is, so that all begin on one row."""
        if len(lines) == 2:
            found: tuple[Line, ...] = self.apply(ops.together, *lines, outputs=2)
        else:
            found = self.apply(ops.together_three, *lines, outputs=3)
        return found


class Composite(registry.Indicator):
    """An indicator that is made of other nodes."""

    def __init__(self, function: Callable[..., Any], **said: Any) -> None:
        super().__init__(function.__name__, **said)
        self.function = function

    def build(
        self, graph: Graph, inputs: Sequence[GraphColumn], bound: Mapping[str, registry.Value]
    ) -> Sequence[GraphColumn]:
        found = self.function(Nodes(graph), *(Line(graph, out) for out in inputs), *bound.values())
        lines = found if isinstance(found, tuple) else (found,)
        if len(lines) != len(self.outputs) or not all(isinstance(line, Line) for line in lines):
            wanted = f"{len(self.outputs)} lines ({', '.join(self.outputs)})"
            what = f"{type(found).__name__} {found!r:.80}"
            raise HqError(f"{self.origin or self.name}: must return {wanted}, returns {what}")
        return [graph.real(line.out) for line in lines]

    def warmup(self, bound: Mapping[str, registry.Value]) -> int:
        from hq_core.graph import Graph

        graph = Graph()
        return max(out.warmup for out in self.build(graph, [graph.source(name) for name in self.inputs], bound))


def composite(**said: Any) -> Callable[[Callable[..., Any]], registry.Indicator]:
    """Declare an indicator by a function of `Nodes`, its inputs as Lines and its parameters as they are written.

    The function gives one Line, or a tuple of them in the order of `outputs`.  What is said of it is as in
    `registry.indicator`; its warm-up follows from its parts.
    """

    def declare(function: Callable[..., Any]) -> registry.Indicator:
        return registry.check_module(Composite(function, **said), function)

    return declare
