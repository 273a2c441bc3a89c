"""Running one indicator in a test: batches, state, parameter sets, seeded columns."""
from __future__ import annotations

import hashlib
import math

import numpy as np
import pytest
from hypothesis import settings
from oracles import Columns, Params

from hq_core.graph import Graph, Settings
from hq_core.registry import Indicator, load, names

NAMES = names()
quick = settings(max_examples=20, deadline=None, derandomize=True, database=None)


class Run:
    """One indicator in a graph of its own, fed in batches."""

    def __init__(self, name: str, params: Params | None = None, settings: Settings | None = None) -> None:
        self.of = load(name)
        self.domain = self.of.domain        # columns are scaled down to it
        self.params = self.of.bind((), params or {})
        self.graph = Graph(settings)
        self.graph.compile(self.graph.indicator(name, (), self.params))

    @property
    def warmup(self) -> int:
        return self.of.warmup(self.params)

    def push(self, columns: Columns, start: int = 0, stop: int | None = None) -> list[np.ndarray]:
        columns = within(columns, self.domain)
        given = {key: np.ascontiguousarray(columns[key][start:stop], dtype=float).copy() for key in self.of.inputs}
        before = [column.tobytes() for column in given.values()]
        rows = len(given[self.of.inputs[0]])
        found = [np.full(rows, -1e99) for _ in self.of.outputs]
        self.graph.run(
            {key: column.ctypes.data for key, column in given.items()}, rows, [column.ctypes.data for column in found]
        )
        assert [column.tobytes() for column in given.values()] == before, "the kernel wrote into its input"
        return found

    def save(self) -> bytes:
        return self.graph.save()

    def load(self, saved: bytes) -> None:
        self.graph.load(saved)


def within(columns: Columns, domain: float) -> Columns:
    """The columns, scaled down so that three times their median size is at most `domain`."""
    if math.isinf(domain):
        return columns
    found = {}
    for key, column in columns.items():
        known = np.abs(column[np.isfinite(column)])
        size = 3.0 * float(np.median(known)) if len(known) else 0.0
        found[key] = column * (domain / size) if size > domain else column
    return found


def once(name: str, columns: Columns, params: Params | None = None) -> list[np.ndarray]:
    return Run(name, params).push(columns)


def run_with(settings: Settings, name: str, columns: Columns) -> list[np.ndarray]:
    return Run(name, None, settings).push(columns)


def bars(rows: int, seed: int = 0, price: float = 100.0) -> dict[str, np.ndarray]:
    """A seeded random walk as bars."""
    rng = np.random.default_rng(seed)
    close = price * np.exp(np.cumsum(rng.normal(0, 0.01, rows)))
    opening = close * np.exp(rng.normal(0, 0.005, rows))
    spread = np.abs(rng.normal(0, 0.01, (2, rows)))
    volume = rng.exponential(10, rows)
    return {
        "open": opening, "close": close, "volume": volume,
        "high": np.maximum(opening, close) * (1 + spread[0]),
        "low": np.minimum(opening, close) * (1 - spread[1]),
        "buy_volume": volume * rng.uniform(0, 1, rows), "ts": hours(rows), "periods": lengths(rows),
    }


def hours(rows: int) -> np.ndarray:
    """The close times of hourly bars, ns UTC."""
    return 1_735_689_600e9 + 3_600e9 * np.arange(1.0, rows + 1.0)


def lengths(rows: int) -> np.ndarray:
    """A window's length for each row, 2 to 30."""
    return 2.0 + np.arange(rows) % 29


def flat_bars(column: np.ndarray) -> dict[str, np.ndarray]:
    """The same values as every column."""
    columns = {key: np.array(column, dtype=float) for key in ("open", "high", "low", "close", "volume", "buy_volume")}
    return columns | {"ts": hours(len(column)), "periods": lengths(len(column))}


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
    words = {key: param.choices for key, param in indicator.params.items() if param.choices}
    for at in range(max(map(len, words.values()), default=0)):
        sets.append({key: some[at % len(some)] for key, some in words.items()})
    return [one for at, one in enumerate(sets) if one not in sets[:at]]


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
        if key == "ts":
            continue
        column[[20, 21, 150 + len(key)]] = np.nan
        column[90] = np.inf
        column[120] = 1e17
        column[180:200] = 7.25
    found["volume"][185:195] = 0.0
    return found
