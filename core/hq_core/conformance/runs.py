"""One indicator in a graph of its own, fed in batches; and the sets of parameters that it is tested with."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from hq_core.conformance.made import DTYPES, Column, Columns, within
from hq_core.graph import AS, Graph, Settings
from hq_core.registry import load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hq_core.registry import Indicator

    Params = Mapping[str, Any]

BESIDE = 64  # bytes on either side of a column that a kernel must leave alone


class IndicatorRun:
    """An indicator with some parameters over one series.

    touched   what it has written to that is not its own, in words; '' if nothing
    """

    def __init__(self, name: str, params: Params | None = None, settings: Settings | None = None) -> None:
        self.of = load(name)
        self.domain = self.of.domain  # columns are scaled down to it
        self.params = self.of.bind((), params or {})
        self.touched = ""
        self.graph = Graph(settings)
        self.outs = self.graph.indicator(name, (), self.params)
        self.graph.compile(self.outs)

    @property
    def warmup(self) -> int:
        return self.of.warmup(self.params)

    def push(self, columns: Columns, start: int = 0, stop: int | None = None) -> list[Column]:
        columns = within(columns, self.domain)
        given: Columns = {
            key: np.ascontiguousarray(columns[key][start:stop], dtype=DTYPES[kind]).copy()
            for key, kind in zip(self.of.inputs, self.of.reads)
        }
        before = [column.tobytes() for column in given.values()]
        rows = len(given[self.of.inputs[0]])
        found = [_Guarded(rows, out.kind) for out in self.outs]
        sources = dict(zip(self.graph.sources, (column.ctypes.data for column in self._ordered(given))))
        self.graph.run(sources, rows, [one.column.ctypes.data for one in found])
        if [column.tobytes() for column in given.values()] != before:
            self.touched = "it wrote into its input"
        if any(one.broken for one in found):
            self.touched = "it wrote beside its output"
        return [one.column for one in found]

    def _ordered(self, given: Columns) -> list[Column]:
        """The columns in the order of the graph's sources, whose keys may say a type."""
        return [given[key.partition(AS)[0]] for key in self.graph.sources]

    def save(self) -> bytes:
        return self.graph.save()

    def load(self, saved: bytes) -> None:
        self.graph.load(saved)


class _Guarded:
    """A column with bytes around it that nobody may write."""

    def __init__(self, rows: int, kind: str) -> None:
        self.memory = np.full(2 * BESIDE + rows * np.dtype(DTYPES[kind]).itemsize, 0xA5, np.uint8)
        self.column: Column = self.memory[BESIDE : len(self.memory) - BESIDE].view(DTYPES[kind])

    @property
    def broken(self) -> bool:
        return bool((self.memory[:BESIDE] != 0xA5).any() or (self.memory[-BESIDE:] != 0xA5).any())


def once(name: str, columns: Columns, params: Params | None = None) -> list[Column]:
    return IndicatorRun(name, params).push(columns)


def variants(of: Indicator) -> list[dict[str, int | float | str]]:
    """Parameter sets: the defaults, the low bounds, every word of every choice, five seeded ones inside."""
    rng = np.random.default_rng(int.from_bytes(hashlib.sha256(of.name.encode()).digest()[:4]))
    sets: list[dict[str, int | float | str]] = [{}]
    for draw in range(6):
        one: dict[str, int | float | str] = {}
        for key, param in of.params.items():
            if param.choices:
                one[key] = param.choices[draw % len(param.choices)]
            elif isinstance(param.default, int):
                top = min(param.high, param.low + 60)
                one[key] = int(param.low if draw == 0 else rng.integers(int(param.low), int(top), endpoint=True))
            else:
                one[key] = float(param.low if draw == 0 else rng.uniform(param.low, min(param.high, 5.0)))
        sets.append(one)
    words = {key: param.choices for key, param in of.params.items() if param.choices}
    for at in range(max(map(len, words.values()), default=0)):
        sets.append({key: some[at % len(some)] for key, some in words.items()})
    return [one for at, one in enumerate(sets) if one not in sets[:at]]


def bits(columns: list[Column]) -> list[bytes]:
    return [column.tobytes() for column in columns]


def joined(parts: list[list[Column]]) -> list[Column]:
    return [np.concatenate(column) for column in zip(*parts)]
