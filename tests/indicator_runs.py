"""Running one indicator in a test: batches, state, parameter sets, seeded columns."""
from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import settings
from oracles import Columns, Params

from hq_core.jit import Cell
from hq_core.registry import Indicator, load, names

NAMES = names()
quick = settings(max_examples=20, deadline=None, derandomize=True, database=None)


class Run:
    """One indicator with its state and ring, fed in batches."""

    def __init__(self, name: str, params: Params | None = None) -> None:
        self.of = load(name)
        self.params = self.of.bind((), params or {})
        self.cell = Cell(self.of.kernel)
        self.cell.set(**{key: self.of.params[key].passed(value) for key, value in self.params.items()})
        self.ring = np.zeros(self.of.ring(*self.params.values()) if self.of.ring else 0)
        self.outs = [arg for arg, _ in self.of.kernel.args][-len(self.of.outputs) :]

    @property
    def warmup(self) -> int:
        return self.of.warmup(*self.params.values())

    def push(self, columns: Columns, start: int = 0, stop: int | None = None) -> list[np.ndarray]:
        given = [np.ascontiguousarray(columns[key][start:stop], dtype=float).copy() for key in self.of.inputs]
        before = [column.tobytes() for column in given]
        found = [np.full(len(given[0]), -1e99) for _ in self.outs]
        for key, column in zip([*self.of.inputs, *self.outs], [*given, *found]):
            self.cell.buffer(key, column)
        if len(self.ring):
            self.cell.buffer("ring", self.ring)
        self.cell.run()
        assert [column.tobytes() for column in given] == before, "the kernel wrote into its input"
        return found

    def save(self) -> tuple[bytes, bytes]:
        return self.cell.save(), self.ring.tobytes()

    def load(self, saved: tuple[bytes, bytes]) -> None:
        self.cell.load(saved[0])
        self.ring[:] = np.frombuffer(saved[1])


def once(name: str, columns: Columns, params: Params | None = None) -> list[np.ndarray]:
    return Run(name, params).push(columns)


def bars(rows: int, seed: int = 0, price: float = 100.0) -> dict[str, np.ndarray]:
    """A seeded random walk as bars."""
    rng = np.random.default_rng(seed)
    close = price * np.exp(np.cumsum(rng.normal(0, 0.01, rows)))
    opening = close * np.exp(rng.normal(0, 0.005, rows))
    spread = np.abs(rng.normal(0, 0.01, (2, rows)))
    return {
        "open": opening, "close": close, "volume": rng.exponential(10, rows),
        "high": np.maximum(opening, close) * (1 + spread[0]),
        "low": np.minimum(opening, close) * (1 - spread[1]),
    }


def flat_bars(column: np.ndarray) -> dict[str, np.ndarray]:
    """The same values as every column."""
    return {key: np.array(column, dtype=float) for key in ("open", "high", "low", "close", "volume")}


def variants(indicator: Indicator) -> list[dict[str, int | float | str]]:
    """Parameter sets: the defaults, the low bounds, every word of every choice, five seeded ones inside."""
    rng = np.random.default_rng(int.from_bytes(hashlib.sha256(indicator.name.encode()).digest()[:4]))
    sets: list[dict[str, int | float | str]] = [{}]
    for draw in range(6):
        one: dict[str, int | float | str] = {}
        for key, param in indicator.params.items():
            if param.choices:
                one[key] = param.choices[draw % len(param.choices)]
            elif isinstance(param.default, int):
                top = min(param.high, param.low + 60)
                one[key] = int(param.low if draw == 0 else rng.integers(param.low, top, endpoint=True))
            else:
                one[key] = float(param.low if draw == 0 else rng.uniform(param.low, min(param.high, 5.0)))
        sets.append(one)
    for key, param in indicator.params.items():
        sets += [{key: word} for word in param.choices]
    return sets


VARIANTS = [(name, params) for name in NAMES for params in variants(load(name))]
each = pytest.mark.parametrize("name", NAMES)


def each_of(pairs: list[tuple[str, dict[str, int | float | str]]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("name", "params"), pairs, ids=[f"{name}-{','.join(map(str, p.values()))}" for name, p in pairs]
    )


each_variant = each_of(VARIANTS)


def bits(columns: list[np.ndarray]) -> list[bytes]:
    return [column.tobytes() for column in columns]


def joined(parts: list[list[np.ndarray]]) -> list[np.ndarray]:
    return [np.concatenate(column) for column in zip(*parts)]


def rough() -> dict[str, np.ndarray]:
    """Bars with nan, infinity, a 1e17 tick, a flat stretch and zero volumes among them."""
    found = bars(260, 3)
    for key, column in found.items():
        column[[20, 21, 150 + len(key)]] = np.nan
        column[90] = np.inf
        column[120] = 1e17
        column[180:200] = 7.25
    found["volume"][185:195] = 0.0
    return found
