"""Windowed statistics anew for every row, in fractions, and how far TA-Lib's running sums are off."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
from oracles import Columns, mean, products, root, squares, windows

Window = list[Fraction]
Rows = list[list[float]]


def over(windows: list[Window | None], found: Callable[[Window], float | Fraction]) -> Rows:
    return [[math.nan if window is None else float(found(window)) for window in windows]]


def pairs(first: np.ndarray, second: np.ndarray, period: int) -> list[tuple[Window, Window] | None]:
    both = zip(windows(first, period), windows(second, period))
    return [(one, other) if one is not None and other is not None else None for one, other in both]


def line(window: Window) -> tuple[Fraction, Fraction]:
    """Slope of the least squares line and its height at the first row."""
    at = [Fraction(i) for i in range(len(window))]
    slope = products(at, window) / squares(at)
    return slope, mean(window) - slope * mean(at)


def exact_var(columns: Columns, period: int, nbdev: float, ddof: int) -> Rows:
    return over(windows(columns["close"], period), lambda window: squares(window) / (period - ddof))


def at_row(row: Callable[[int], int]) -> Callable[..., Rows]:
    """Where the line stands `row(period)` rows after the window's first."""

    def exact(columns: Columns, period: int) -> Rows:
        def height(window: Window) -> Fraction:
            slope, start = line(window)
            return start + row(period) * slope

        return over(windows(columns["close"], period), height)

    return exact


def exact_slope(columns: Columns, period: int) -> Rows:
    return over(windows(columns["close"], period), lambda window: line(window)[0])


def exact_fosc(columns: Columns, period: int) -> Rows:
    def miss(window: Window) -> Fraction:
        slope, start = line(window[:-1])
        forecast = start + period * slope
        return 100 * (window[-1] - forecast) / window[-1] if window[-1] else Fraction(0)

    return over(windows(columns["close"], period + 1), miss)


def correlation(first: Window, second: Window) -> float:
    common = products(first, second)
    square = squares(first) * squares(second)
    return math.copysign(root(common * common / square), common) if square else 0.0


def exact_correl(columns: Columns, period: int) -> Rows:
    held = pairs(columns["high"], columns["low"], period)
    return [[math.nan if pair is None else correlation(*pair) for pair in held]]


def returns(column: np.ndarray) -> list[Fraction | None]:
    """(x - before) / before; 0 where that is 0; None where one is not known."""
    rows = [Fraction(float(v)) if math.isfinite(v) else None for v in column]
    found: list[Fraction | None] = [None]
    for before, value in zip(rows, rows[1:]):
        known = before is not None and value is not None
        found.append(((value - before) / before if before else Fraction(0)) if known else None)
    return found[: len(rows)]


def exact_beta(columns: Columns, period: int) -> Rows:
    first, second = returns(columns["high"]), returns(columns["low"])
    found = []
    for at in range(1, len(first) + 1):
        one, other = first[max(0, at - period) : at], second[max(0, at - period) : at]
        if at < period or None in one or None in other:
            found.append(math.nan)
        else:
            square = squares(one)
            found.append(float(products(one, other) / square) if square else 0.0)
    return [found]


def exact_vwma(columns: Columns, period: int) -> Rows:
    def weighed(pair: tuple[Window, Window] | None) -> float:
        if pair is None or not sum(pair[1]):
            return math.nan
        return float(sum(price * volume for price, volume in zip(*pair)) / sum(pair[1]))

    return [[weighed(pair) for pair in pairs(columns["close"], columns["volume"], period)]]


def exact_trima(columns: Columns, period: int) -> Rows:
    half = (period + 1) // 2
    weights = [*range(1, half + 1), *range(half - period % 2, 0, -1)]
    whole = sum(weights)
    return over(windows(columns["close"], period), lambda window: sum(w * x for w, x in zip(weights, window)) / whole)


def exact_coppock(columns: Columns, wma: int, roc1: int, roc2: int) -> Rows:
    """The weighted average is exact; the rates that it is of are rounded as any floats are."""
    close = [float(v) for v in columns["close"]]

    def rate(at: int, back: int) -> float:
        before = close[at - back] if at >= back else math.nan
        if not math.isfinite(before + close[at]):
            return math.nan
        return (close[at] / before - 1.0) * 100.0 if before else 0.0

    rates = np.array([rate(at, roc1) + rate(at, roc2) for at in range(len(close))])
    weights = range(1, wma + 1)
    return over(windows(rates, wma), lambda window: sum(w * x for w, x in zip(weights, window)) / sum(weights))


EXACT = {
    "var": exact_var,
    "linearreg": at_row(lambda period: period - 1),
    "linearreg_intercept": at_row(lambda period: 0),
    "linearreg_slope": exact_slope,
    "tsf": at_row(lambda period: period),
    "fosc": exact_fosc,
    "correl": exact_correl,
    "beta": exact_beta,
    "coppock": exact_coppock,
    "trima": exact_trima,
}
TOLERANCE = {
    "beta": (1e-8, "TA-Lib subtracts sums of products of returns, 1.5e-9 of a beta of two that are nearly equal"),
    "coppock": (1e-9, "TA-Lib's weighted average runs its sums, 4.9e-10 after rates of 1e5 percent"),
    "correl": (1e-11, "TA-Lib subtracts sums of squares of prices, 8.4e-12 on a walk near 100"),
    "correl 2": (2e-8, "of two rows it is 1 or -1: ours to 2.2e-16, TA-Lib's cancelled sums to 1.3e-8 (100 walks)"),
    "fosc": (1e-10, "TA-Lib's line subtracts sums of prices, 2.6e-11 of the percentage"),
    "trima": (1e-11, "TA-Lib runs its sums, 3.6e-12 off the fraction at period 3 on a walk of 1,600 rows"),
    "vwma": (1e-11, "TA-Lib runs its sums, 1.6e-12 where volumes of both signs nearly cancel"),
}
