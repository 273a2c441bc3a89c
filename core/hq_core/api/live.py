"""Indicators one row at a time, with as little around them as Python allows."""

from __future__ import annotations

import math
from array import array
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

from hq_core.batch import CODES
from hq_core.errors import USAGE, HqError, did_you_mean
from hq_core.graph import AS
from hq_core.jit import builtin, engine
from hq_core.kinds import BAR
from hq_core.series.expr import BASE, applied, clock_text, constant
from hq_core.series.plan import Plan
from hq_core.specs import COLUMNS, exprs_of, several

if TYPE_CHECKING:
    from collections.abc import Callable

    from hq_core.graph import Settings


class Live:
    """What `specs` ask for, row by row; the values are those of the same rows in one batch, to the bit.

    inputs   the columns that `push` takes, in this order: floats, unless an indicator reads one in a type of its own
    columns  the names of the values, in their order
    values   the newest values; nan while an indicator warms up
    push     takes one row, a value for each input, in the order of `inputs` or by name, and returns `values`; it may be
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
        exprs = exprs_of(several(specs), COLUMNS, BASE)
        if not exprs:
            raise HqError("name at least one indicator, such as rsi:14", USAGE)
        plan = Plan(exprs, settings)
        if plan.others:
            raise HqError(f"'@{clock_text(next(iter(plan.others)))}': there is no other series to read here", USAGE)
        self._graph = graph = plan.base
        outs = plan.columns
        seen: set[int] = set()
        for name, out in outs.items():
            out = outs[name] = graph.real(out)
            if out.node is None or out.number in seen:  # two are one, or it is an input's: a column of its own
                outs[name] = plan.column(applied("mul", exprs[name], constant(1.0)))
            seen.add(outs[name].number)
        graph.compile(list(outs.values()))
        self.columns = list(outs)
        self.values = array("d", [math.nan]) * len(outs)
        row = array("d", [math.nan]) * len(graph.sources)
        cells = [_Cell(key, row, i) for i, key in enumerate(sorted(graph.sources, key=_as_in_a_bar))]
        self.inputs = tuple(dict.fromkeys(cell.name for cell in cells))
        block = graph.fixed({cell.key: cell.address for cell in cells}, self.values)
        keep = graph, block, memoryview(row), memoryview(self.values)  # views, so that nobody resizes them
        self.push = self._pusher(cells, builtin.call(engine, block.address, keep))
        if all(cell.memory is row for cell in cells):  # and so each is an input of its own, in their order
            said = f"push({', '.join(self.inputs if _are_names(self.inputs) else ('*given', '**named'))})"
            self.push = builtin.taking_row(said, row, engine, block.address, self.values, self.push, keep)

    def save(self) -> bytes:
        """All state, for `load` of another one with the same specs."""
        return self._graph.save()

    def load(self, saved: bytes) -> None:
        self._graph.load(saved)

    def __reduce_ex__(self, protocol: object) -> Any:
        """Neither copied nor pickled: `push` writes to memory that a copy would share."""
        raise TypeError(
            "Live cannot be copied or pickled; make another of the same specs, and load what this one saves"
        )

    def _pusher(self, cells: list[_Cell], call: Callable[[], None]) -> Callable[..., array[float]]:
        values, inputs = self.values, self.inputs

        if _are_names(inputs):
            return _written_out(inputs, cells, values, call)

        def push(*given: float, **named: float) -> array[float]:
            row = dict(zip(inputs, _arranged(inputs, given, named)))
            for cell in cells:
                cell.memory[cell.at] = row[cell.name]
            call()
            return values

        return push


class _Cell:
    """Where an input's value goes: item `at` of the row, or memory of its own for one that is no float."""

    __slots__ = ("at", "key", "memory", "name")

    def __init__(self, key: str, row: array[float], at: int) -> None:
        self.key = key
        self.name, own, kind = key.partition(AS)
        self.memory: array[Any] = array(CODES[kind], [0]) if own else row
        self.at = 0 if own else at

    @property
    def address(self) -> int:
        return _addresses(self.memory)[self.at]


def _as_in_a_bar(key: str) -> int:
    """Where a column stands in a bar; what is none of a bar's comes behind, as it was asked for."""
    name = key.partition(AS)[0]
    return BAR.names.index(name) if name in BAR.names else len(BAR.names)


def _are_names(inputs: tuple[str, ...]) -> bool:
    """Whether Python can write them as arguments of a function."""
    return all(name.isidentifier() and not iskeyword(name) and name[0] != "_" for name in inputs)


def _written_out(
    inputs: tuple[str, ...], cells: list[_Cell], values: array[float], call: Callable[[], None]
) -> Callable[..., array[float]]:
    """push with the inputs as its own arguments: Python checks them itself, in half the time that *given takes."""
    lines = [f"def push({', '.join(inputs)}):"]
    space: dict[str, Any] = {"_values": values, "_call": call}
    for i, cell in enumerate(cells):
        lines.append(f"    _{i}[{cell.at}] = {cell.name}")
        space[f"_{i}"] = cell.memory
    exec("\n".join([*lines, "    _call()", "    return _values"]), space)
    made: Callable[..., array[float]] = space["push"]
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


def _addresses(memory: array[Any]) -> list[int]:
    """The address of each value."""
    return [memory.buffer_info()[0] + memory.itemsize * i for i in range(len(memory))]
