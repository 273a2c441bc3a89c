"""Indicators one row at a time, with as little around them as Python allows."""
from __future__ import annotations

import math
from array import array
from keyword import iskeyword
from typing import TYPE_CHECKING

from hq_core.errors import USAGE, HqError, did_you_mean
from hq_core.series.expr import BASE, applied, clock_text, constant
from hq_core.series.plan import Plan
from hq_core.specs import COLUMNS, expand, exprs_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from hq_core.graph import Settings


class Live:
    """What `specs` ask for, row by row; the values are those of the same rows in one batch, to the bit.

    inputs   the columns that `push` takes, in this order
    columns  the names of the values, in their order
    values   the newest values; nan while an indicator warms up
    push     takes one row, a float for each input, in the order of `inputs` or by name, and returns `values`; it may be
             kept without the object

    >>> live = Live("sma:2", "macd.hist:3,5,2")
    >>> live.inputs, live.columns
    (('close',), ['sma_2', 'macd_3_5_2.hist'])
    >>> [live.push(close)[0] for close in (1.0, 2.0, 4.0)]
    [nan, 1.5, 3.0]
    >>> live.push(close=6.0)[0]
    5.0
    """

    def __init__(self, *specs: str, settings: Settings | None = None) -> None:
        exprs = exprs_of([one for text in specs for one in expand(text)], COLUMNS, BASE)
        if not exprs:
            raise HqError("name at least one indicator, such as rsi:14", USAGE)
        plan = Plan(exprs, settings)
        if plan.others:
            raise HqError(f"'@{clock_text(next(iter(plan.others)))}': there is no other series to read here", USAGE)
        self._graph = graph = plan.base
        outs = plan.columns
        seen: set[int] = set()
        for name, out in outs.items():
            if out.node is None or out.number in seen:      # two are one, or it is an input's: a column of its own
                outs[name] = plan.column(applied("mul", exprs[name], constant(1.0)))
            seen.add(outs[name].number)
        graph.compile(list(outs.values()))
        self.inputs = tuple(graph.sources)
        self.columns = list(outs)
        self._row = array("d", [math.nan]) * len(self.inputs)
        self.values = array("d", [math.nan]) * len(outs)
        self._call = graph.fixed(_cells(self._row, self.inputs), list(_cells(self.values, self.columns).values()))
        self._call.__dict__["fixed"] = memoryview(self._row), memoryview(self.values)   # so that nobody resizes them
        self.push = self._pusher()

    def save(self) -> bytes:
        """All state, for `load` of another one with the same specs."""
        return self._graph.save()

    def load(self, saved: bytes) -> None:
        self._graph.load(saved)

    def _pusher(self) -> Callable[..., array[float]]:
        row, values, call, inputs = self._row, self.values, self._call, self.inputs

        if all(name.isidentifier() and not iskeyword(name) and name[0] != "_" for name in inputs):
            return _written_out(inputs, row, values, call)

        def push(*given: float, **named: float) -> array[float]:
            for i, value in enumerate(_arranged(inputs, given, named)):
                row[i] = value
            call()
            return values

        return push


def _written_out(
    inputs: tuple[str, ...], row: array[float], values: array[float], call: Callable[[], None]
) -> Callable[..., array[float]]:
    """push with the inputs as its own arguments: Python checks them itself, in half the time that *given takes."""
    lines = [f"def push({', '.join(inputs)}):", *(f"    _row[{i}] = {name}" for i, name in enumerate(inputs))]
    space = {"_row": row, "_values": values, "_call": call}
    exec("\n".join([*lines, "    _call()", "    return _values"]), space)
    made: Callable[..., array[float]] = space["push"]  # type: ignore[assignment]
    return made


def _arranged(inputs: tuple[str, ...], given: tuple[float, ...], named: dict[str, float]) -> tuple[float, ...]:
    """One value for each input.  Raises TypeError where there is another number of them, or another name."""
    for name in named:
        if name not in inputs:
            raise TypeError(f"push has no input '{name}'{did_you_mean(name, inputs)}; it takes {', '.join(inputs)}")
        if inputs.index(name) < len(given):
            raise TypeError(f"push takes {', '.join(inputs)}: {name} is given twice")
    if len(given) + len(named) != len(inputs):
        count = f"{len(inputs)} value{'s' * (len(inputs) != 1)}, {len(given) + len(named)} given"
        raise TypeError(f"push takes {', '.join(inputs)}: {count}")
    return (*given, *(named[name] for name in inputs[len(given) :]))


def _cells(memory: array[float], names: tuple[str, ...] | list[str]) -> dict[str, int]:
    """The address of each value."""
    return {name: memory.buffer_info()[0] + 8 * i for i, name in enumerate(names)}
