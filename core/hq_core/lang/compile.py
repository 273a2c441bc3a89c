"""Typed values to graphs: one for the base's rows, one for the rows of each other clock."""
from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core import registry
from hq_core.graph import Graph, Scratch, Settings
from hq_core.kernels import ops
from hq_core.lang.values import BASE, Value

if TYPE_CHECKING:
    from hq_core.graph import Out
    from hq_core.lang.values import Clock


class Plan:
    """The graphs of all strategies over one base series; equal parts of them are one node.

    base      the graph of the base's rows; what it reads of another clock are sources named source_name(...)
    others    by clock: the graph of that clock's rows, and the columns asked of it
    scratch   shared with the plans of other series
    """

    def __init__(self, settings: Settings | None = None, scratch: Scratch | None = None) -> None:
        self.settings = settings
        self.scratch = scratch or Scratch()
        self.base = Graph(settings, self.scratch)
        self.others: dict[Clock, tuple[Graph, list[Out]]] = {}
        self._done: dict[tuple[int, Clock], Out] = {}
        self._kept: list[Value] = []  # so that no id is used again

    def column(self, value: Value, clock: Clock = BASE) -> Out:
        """The column of `value` on `clock`, which is its own or the base's."""
        waiting = [(value, clock)]      # no recursion: a strategy may build name upon name as long as it likes
        while waiting:
            at = waiting[-1]
            key = id(at[0]), at[1]
            needed = [] if key in self._done else [one for one in _needs(*at) if (id(one[0]), one[1]) not in self._done]
            if needed:
                waiting += reversed(needed)
                continue
            waiting.pop()
            if key not in self._done:
                self._kept.append(at[0])
                self._done[key] = self._column(*at)
        return self._done[id(value), clock]

    def _column(self, value: Value, clock: Clock) -> Out:
        graph = self._graph(clock)
        if value.constant is not None:
            return graph.constant(value.constant)
        if value.clock != clock:
            assert value.clock is not None
            assert clock == BASE
            return graph.source(source_name(value.clock, self._ask(value, value.clock)))
        if value.op == "column":
            return graph.source(str(value.data))
        if value.op == "output":
            return self._indicator(value.args[0], clock, str(value.data))
        if value.op == "indicator":
            return self._indicator(value, clock, "")
        inputs = [self.column(arg, clock) for arg in value.args]
        if value.op == "lag":
            assert isinstance(value.data, int)
            return graph.node(ops.lag, inputs, {"bars": value.data}, ring=value.data, warmup=value.data).out()
        return graph.node(getattr(ops, value.op), inputs).out()

    def _indicator(self, value: Value, clock: Clock, output: str) -> Out:
        assert isinstance(value.data, tuple)
        name, params = value.data
        outs = self._graph(clock).indicator(name, [self.column(arg, clock) for arg in value.args], params)
        return outs[list(registry.load(name).outputs).index(output) if output else 0]

    def _ask(self, value: Value, clock: Clock) -> int:
        """The number of a value among the columns asked of another clock's graph."""
        column = self.column(value, clock)
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


def _needs(value: Value, clock: Clock) -> list[tuple[Value, Clock]]:
    """What must be a column before `value` can be one on `clock`."""
    if value.constant is not None:
        return []
    if value.clock != clock:
        assert value.clock is not None
        return [(value, value.clock)]
    args = value.args[0].args if value.op == "output" else value.args
    return [(one, clock) for one in args]


def source_name(clock: Clock, number: int) -> str:
    """What the base's graph calls column `number` of another clock."""
    return f"@{clock[0]}:{clock[1]}:{number}"
