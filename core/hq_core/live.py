"""Indicators one row at a time, with as little around them as Python allows."""
from __future__ import annotations

import math
from array import array
from typing import TYPE_CHECKING

from hq_core.errors import USAGE, HqError
from hq_core.graph import Graph
from hq_core.kernels import ops
from hq_core.specs import expand

if TYPE_CHECKING:
    from collections.abc import Callable

    from hq_core.graph import Out, Settings


class Live:
    """What `specs` ask for, row by row; the values are those of the same rows in one batch, to the bit.

    inputs   the columns that `push` takes, in this order
    columns  the names of the values, in their order
    values   the newest values; nan while an indicator warms up
    push     takes one row, a float for each input, and returns `values`

    >>> live = Live("sma:2", "macd.hist:3,5,2")
    >>> live.inputs, live.columns
    (('close',), ['sma_2', 'macd_3_5_2.hist'])
    >>> [live.push(close)[0] for close in (1.0, 2.0, 4.0)]
    [nan, 1.5, 3.0]
    """

    def __init__(self, *specs: str, settings: Settings | None = None) -> None:
        self._graph = graph = Graph(settings)
        outs: dict[str, Out] = {}
        for spec in (one for text in specs for one in expand(text)):
            outs |= zip(spec.columns(), spec.build(graph))
        if not outs:
            raise HqError("name at least one indicator, such as rsi:14", USAGE)
        once = graph.constant(1.0)      # times 1: a column of its own, where two are one or it is an input's
        seen: set[int] = set()
        for name, out in outs.items():
            if out.node is None or out.number in seen:
                outs[name] = graph.node(ops.mul, [out, once], {}).out()
            seen.add(outs[name].number)
        graph.compile(list(outs.values()))
        self.inputs = tuple(graph.sources)
        self.columns = list(outs)
        self._row = array("d", [math.nan]) * len(self.inputs)
        self.values = array("d", [math.nan]) * len(outs)
        self._call = graph.fixed(_cells(self._row, self.inputs), list(_cells(self.values, self.columns).values()))
        self.push = self._pusher()

    def save(self) -> bytes:
        """All state, for `load` of another one with the same specs."""
        return self._graph.save()

    def load(self, saved: bytes) -> None:
        self._graph.load(saved)

    def _pusher(self) -> Callable[..., array[float]]:
        row, values, call = self._row, self.values, self._call

        def push_one(value: float) -> array[float]:
            row[0] = value
            call()
            return values

        def push(*given: float) -> array[float]:
            if len(given) != len(row):
                raise TypeError(f"push takes {', '.join(self.inputs)}: {len(row)} values, {len(given)} given")
            for i, value in enumerate(given):
                row[i] = value
            call()
            return values

        def push_three(first: float, second: float, third: float) -> array[float]:
            row[0] = first
            row[1] = second
            row[2] = third
            call()
            return values

        known: dict[int, Callable[..., array[float]]] = {1: push_one, 3: push_three}
        return known.get(len(row), push)


def _cells(memory: array[float], names: tuple[str, ...] | list[str]) -> dict[str, int]:
    """The address of each value."""
    return {name: memory.buffer_info()[0] + 8 * i for i, name in enumerate(names)}
