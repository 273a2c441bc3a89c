"""The candlestick patterns: equal to TA-Lib on every row of a million bars, each seen often; and what they share."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import talib
from indicator_runs import IndicatorRun, bars, once
from oracles import Columns, Params, by_talib

from hq_core.graph import Graph
from hq_core.registry import load, names

PATTERNS = [name for name in names() if name.startswith("cdl")]
DEEP = [name for name in PATTERNS if "penetration" in load(name).params]
PRICES = ("open", "high", "low", "close")

RISING = (
    "cdl3starsinsouth",
    "cdl3whitesoldiers",
    "cdlconcealbabyswall",
    "cdldoji",
    "cdldragonflydoji",
    "cdlgravestonedoji",
    "cdlhammer",
    "cdlhomingpigeon",
    "cdlinvertedhammer",
    "cdlladderbottom",
    "cdllongleggeddoji",
    "cdlmatchinglow",
    "cdlmathold",
    "cdlmorningdojistar",
    "cdlmorningstar",
    "cdlpiercing",
    "cdlrickshawman",
    "cdlsticksandwich",
    "cdltakuri",
    "cdlunique3river",
)
FALLING = (
    "cdl2crows",
    "cdl3blackcrows",
    "cdladvanceblock",
    "cdldarkcloudcover",
    "cdleveningdojistar",
    "cdleveningstar",
    "cdlhangingman",
    "cdlidentical3crows",
    "cdlinneck",
    "cdlonneck",
    "cdlshootingstar",
    "cdlstalledpattern",
    "cdlthrusting",
    "cdlupsidegap2crows",
)
SIZES = {
    "cdlengulfing": (80, 100),
    "cdlharami": (80, 100),
    "cdlharamicross": (80, 100),
    "cdlhikkake": (100, 200),
    "cdlhikkakemod": (100, 200),
}

# Five candles in 64ths of a price: gap from the close before, body, upper and lower shadow.
RARE = {
    "mat hold": [(0, 40, 1, 1), (8, -5, 1, 1), (-2, -6, 1, 1), (2, -5, 1, 1), (3, 45, 1, 1)],
    "rising three": [(0, 40, 2, 2), (-4, -6, 1, 1), (1, -6, 1, 1), (1, -6, 1, 1), (2, 45, 1, 1)],
    "breakaway": [(0, 40, 1, 1), (6, 6, 1, 1), (-4, 8, 1, 1), (-5, 8, 1, 1), (1, -16, 1, 1)],
    "three stars": [(0, -40, 1, 60), (20, -30, 1, 30), (18, -5, 0, 0), (-1, 3, 1, 1), (1, -1, 1, 1)],
    "two crows": [(0, 9, 1, 1), (1, 8, 1, 1), (0, 40, 1, 1), (9, -6, 1, 1), (5, -15, 1, 1)],
}


def from_parts(gap: np.ndarray, body: np.ndarray, up: np.ndarray, down: np.ndarray) -> dict[str, np.ndarray]:
    close = np.cumsum(gap + body)
    opening = close - body
    high, low = np.maximum(opening, close) + up, np.minimum(opening, close) - down
    base = 64 - low.min()
    return dict(zip(PRICES, ((column + base) / 64.0 for column in (opening, high, low, close))))


def shapes(rows: int, seed: int) -> dict[str, np.ndarray]:
    """Bars on a grid of 1/64, where all sums are exact: few sizes, equal ends, gaps and so many ties and patterns."""
    rng = np.random.default_rng(seed)
    turns = np.maximum.accumulate(np.where(rng.random(rows) < 0.4, np.arange(rows), 0))
    body = np.where(rng.random(rows) < 0.5, 1, -1)[turns] * (
        rng.choice([0, 1, 6, 24, 40], rows, p=[0.12, 0.13, 0.3, 0.25, 0.2]) + rng.integers(0, 4, rows) // 2
    )
    up, down = rng.choice([0, 1, 6, 30], (2, rows), p=[0.5, 0.2, 0.2, 0.1])
    before, above, below = np.roll(body, 1), np.roll(up, 1), np.roll(down, 1)
    over, under = np.maximum(-before, 0), np.minimum(-before, 0)
    steps = rng.integers(0, 6, rows)
    gap = np.choose(
        rng.choice(8, rows, p=[0.15, 0.1, 0.2, 0.2, 0.1, 0.1, 0.1, 0.05]),
        [0 * body, -before, over + above + steps, under - below - steps, -before // 2, over + 1, under - 1, -body],
    )
    parts = np.array([gap, body, up, down])
    for at, which in zip(range(20, rows - 5, 60), rng.integers(0, len(RARE), rows)):
        shape = np.array(list(RARE.values())[which]).T + rng.integers(-1, 2, (4, 5)) * (rng.random((4, 5)) < 0.3)
        side = rng.choice([1, -1])
        shape = np.array([side * shape[0], side * shape[1], *abs(shape[2:])[::side]])
        parts[:, at : at + 5] = shape
    return from_parts(*parts)


def grid_walk(rows: int, seed: int, step: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    body, gap = rng.integers(-step, step + 1, (2, rows))
    up, down = rng.integers(0, step + 1, (2, rows)) * (rng.random((2, rows)) < 0.7)
    return from_parts(gap * (rng.random(rows) < 0.5), body, up, down)


def series() -> list[Columns]:
    """A million bars and more."""
    found: list[Columns] = [shapes(50_000, seed) for seed in range(12)]
    found += [grid_walk(50_000, step, step) for step in (2, 5, 20, 200)]
    for seed, volatility in enumerate((0.02, 0.2, 1.0, 5.0)):
        walk = bars(50_000, seed)
        found.append({key: walk[key] ** volatility for key in PRICES})
    return [*found, bars(2_000, 99, 1e-7)]


def together(columns: Columns) -> list[np.ndarray]:
    """All patterns from one graph."""
    graph = Graph()
    graph.compile([graph.indicator(name)[0] for name in PATTERNS])
    given = {key: np.ascontiguousarray(columns[key]) for key in PRICES}
    rows = len(given["open"])
    found = np.full((len(PATTERNS), rows), -1e99)
    graph.run({key: column.ctypes.data for key, column in given.items()}, rows, [one.ctypes.data for one in found])
    return list(found)


def test_all_of_talibs_patterns_are_there() -> None:
    assert [load(name).talib for name in PATTERNS] == sorted(talib.get_function_groups()["Pattern Recognition"])


def test_a_million_bars_give_what_talib_gives_and_every_pattern_often() -> None:
    seen: dict[str, Counter[float]] = {name: Counter() for name in PATTERNS}
    rows = 0
    for columns in series():
        rows += len(columns["open"])
        prices = [columns[key] for key in PRICES]
        for name, ours in zip(PATTERNS, together(columns)):
            (theirs,) = by_talib(name.upper(), prices, load(name).bind())
            assert np.array_equal(ours, theirs, equal_nan=True), name
            values, counts = np.unique(ours[~np.isnan(ours)], return_counts=True)
            seen[name].update(dict(zip(values.tolist(), counts.tolist())))
    assert rows >= 1_000_000
    for name, counter in seen.items():
        sizes = SIZES.get(name, (100,))
        wanted = {float(size) for size in sizes} if name in RISING else set()
        wanted |= {-float(size) for size in sizes} if name in FALLING else set()
        wanted = wanted or {sign * float(size) for sign in (1, -1) for size in sizes}
        assert set(counter) == wanted | {0.0}, name
        assert min(counter.values()) >= 50, (name, counter)


def test_where_talibs_sums_have_gathered_rounding_talib_begun_anew_gives_what_we_give() -> None:
    """Ticks of 0.01 have ties that are not exact; TA-Lib's running means then decide by what they went through."""
    differ = 0
    for seed in range(3):
        columns = {key: np.round(64 * column) / 100 for key, column in shapes(50_000, seed).items()}
        for name, ours in zip(PATTERNS, together(columns)):
            bound = load(name).bind()
            (theirs,) = by_talib(name.upper(), [columns[key] for key in PRICES], bound)
            for row in np.flatnonzero((ours != theirs) & ~np.isnan(ours)):
                last = [columns[key][row - load(name).warmup(bound) : row + 1] for key in PRICES]
                assert by_talib(name.upper(), last, bound)[0][-1] == ours[row], name
                differ += 1
    assert 0 < differ < 1e-5 * 50_000 * 3 * len(PATTERNS)


@pytest.mark.parametrize("name", DEEP)
def test_any_penetration_gives_what_talib_gives(name: str) -> None:
    fired = Counter[float]()
    for columns in (shapes(20_000, 21), bars(20_000, 22)):
        for penetration in (0.0, 0.05, 0.25, 1 / 3, 0.75, 1.0, 1.7, 1e6):
            params: Params = {"penetration": penetration}
            (ours,) = once(name, columns, params)
            (theirs,) = by_talib(name.upper(), [columns[key] for key in PRICES], params)
            assert np.array_equal(ours, theirs, equal_nan=True), penetration
            fired[penetration] += np.count_nonzero(np.abs(theirs) > 0)
    assert len(set(fired.values())) > 2, fired  # the parameter matters


def test_after_a_bar_that_is_not_finite_all_goes_on_as_if_the_series_began_there() -> None:
    columns = shapes(3_000, 23)
    broken = {key: column.copy() for key, column in columns.items()}
    for at, key in enumerate(PRICES):
        broken[key][1_000 + 300 * at] = (np.nan, np.inf, -np.inf, np.nan)[at]
    broken["close"][2_100:2_400] = np.nan
    found = together(broken)
    for start, stop in ((1_001, 1_300), (1_301, 1_600), (1_601, 1_900), (1_901, 2_100), (2_400, 3_000)):
        fresh = together({key: column[start:stop] for key, column in columns.items()})
        for name, ours, anew in zip(PATTERNS, found, fresh):
            assert np.array_equal(ours[start:stop], anew, equal_nan=True), name
            assert np.isnan(ours[start - 1]), name


def test_together_they_share_their_parts() -> None:
    graph = Graph()
    graph.compile([graph.indicator(name)[0] for name in PATTERNS])
    alone = sum(len(IndicatorRun(name).graph.nodes) for name in PATTERNS)
    assert len(graph.nodes) - len(PATTERNS) < 60 < (alone - len(PATTERNS)) / 5


def test_an_engulfing_body_that_shares_an_end_counts_less() -> None:
    rows = {"open": [9, 5.0, 3, 5, 3], "high": [9, 5, 6, 7, 7], "low": [1, 3, 2, 2, 2.5], "close": [9, 4.0, 6, 4, 5]}
    columns = {key: np.array(column, dtype=float) for key, column in rows.items()}
    assert once("cdlengulfing", columns)[0][2:].tolist() == [100.0, 0.0, 80.0]
