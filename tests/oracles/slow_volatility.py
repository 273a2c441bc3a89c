"""Volatility, returns and the statistics of them, each window anew, with Python's own logarithms."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
from oracles import Columns, products, squares

Rows = list[list[float]]
nan = math.nan


def log_ratio(a: float, b: float) -> float:
    """ln(a / b), nan unless both are positive and finite."""
    if not (0 < a < math.inf and 0 < b < math.inf):
        return nan
    return math.log1p((a - b) / b) if 0.5 < a / b < 2 else math.log(a) - math.log(b)


def back(column: np.ndarray, rows: int) -> list[float]:
    return [nan] * min(rows, len(column)) + list(column[: max(len(column) - rows, 0)])


def windowed(values: list[float], period: int, found: Callable[[list[float]], float]) -> list[float]:
    """`found` of each window that is full and finite, else nan."""
    parts = [values[max(0, at - period) : at] for at in range(1, len(values) + 1)]
    return [found(p) if len(p) == period and all(map(math.isfinite, p)) else nan for p in parts]


def rms(squared: list[float], period: int, annual: float) -> Rows:
    return [windowed(squared, period, lambda part: math.sqrt(max(math.fsum(part), 0.0) / period * annual))]


def log_return(columns: Columns, period: int) -> Rows:
    return [[log_ratio(a, b) for a, b in zip(columns["close"], back(columns["close"], period))]]


def realized_vol(columns: Columns, period: int, annual: float) -> Rows:
    return rms([r**2 for r in log_return(columns, 1)[0]], period, annual)


def ewma_vol(columns: Columns, decay: float, annual: float) -> Rows:
    """The weights (1 - decay) decay^i of all squared returns, the first one's without its factor."""
    held: list[float] = []
    out = []
    for one in log_return(columns, 1)[0]:
        if math.isfinite(one):
            held.append(one * one)
        if not math.isfinite(one):
            out.append(nan)
            continue
        newest = held[::-1][:20_000]
        weights = [(1 - decay) * decay**i for i in range(len(newest) - 1)] + [decay ** (len(newest) - 1)]
        out.append(math.sqrt(math.fsum(w * v for w, v in zip(weights, newest)) * annual))
    return [out]


def bars(columns: Columns) -> list[tuple[float, float, float, float]]:
    return list(zip(*(columns[key] for key in ("open", "high", "low", "close"))))


def parkinson(columns: Columns, period: int, annual: float) -> Rows:
    return rms([log_ratio(h, low) ** 2 / (4 * math.log(2)) for _, h, low, _ in bars(columns)], period, annual)


def garman_klass(columns: Columns, period: int, annual: float) -> Rows:
    def one(o: float, h: float, low: float, c: float) -> float:
        return log_ratio(h, low) ** 2 / 2 - (2 * math.log(2) - 1) * log_ratio(c, o) ** 2

    return rms([one(*bar) for bar in bars(columns)], period, annual)


def satchell(o: float, h: float, low: float, c: float) -> float:
    up, down, body = log_ratio(h, o), log_ratio(low, o), log_ratio(c, o)
    return up * (up - body) + down * (down - body)


def rogers_satchell(columns: Columns, period: int, annual: float) -> Rows:
    return rms([satchell(*bar) for bar in bars(columns)], period, annual)


def variance(part: list[float]) -> float:
    middle = math.fsum(part) / len(part)
    return math.fsum((value - middle) ** 2 for value in part) / (len(part) - 1)


def yang_zhang(columns: Columns, period: int, annual: float) -> Rows:
    k = 0.34 / (1.34 + (period + 1) / (period - 1))
    gaps = [log_ratio(o, before) for o, before in zip(columns["open"], back(columns["close"], 1))]
    night = windowed(gaps, period, variance)
    day = windowed([log_ratio(c, o) for o, _, _, c in bars(columns)], period, variance)
    rest = windowed([satchell(*bar) for bar in bars(columns)], period, lambda part: math.fsum(part) / period)
    return [
        [
            math.sqrt(max(n + k * d + (1 - k) * r, 0.0) * annual) if n == n and d == d and r == r else nan
            for n, d, r in zip(night, day, rest)
        ]
    ]


def choppiness(columns: Columns, period: int) -> Rows:
    high, low, close = (columns[key] for key in ("high", "low", "close"))
    before = back(close, 1)
    spans = [max(h - b, abs(h - p), abs(b - p)) for h, b, p in zip(high, low, before)]
    spans = [nan if p != p else span for span, p in zip(spans, before)]  # the first row has none
    whole = windowed(spans, period, math.fsum)
    out = []
    for i, path in enumerate(whole):
        span = max(high[i - period + 1 : i + 1], default=nan) - min(low[i - period + 1 : i + 1], default=nan)
        if path != path:
            out.append(nan)
        elif span <= 0 or path <= 0:
            out.append(100.0)
        else:
            out.append(100 * (math.log10(path) - math.log10(span)) / math.log10(period))
    return [out]


def half_life(columns: Columns, period: int) -> Rows:
    """In fractions: near a slope of 0 floats have nothing left."""
    known = [Fraction(float(v)) if math.isfinite(v) else None for v in columns["close"]]
    out = []
    for end in range(1, len(known) + 1):
        part = known[max(0, end - period - 1) : end]
        if len(part) <= period or None in part:
            out.append(nan)
            continue
        levels, changes = part[:-1], [b - a for a, b in zip(part, part[1:])]
        common = products(levels, changes)
        out.append(float(-squares(levels) / common) * math.log(2) if common else 0.0)
    return [out]


def hurst(columns: Columns, period: int, scales: int) -> Rows:
    moved = [
        windowed([r**2 for r in log_return(columns, 2**k)[0]], period, lambda part: math.fsum(part) / period)
        for k in range(scales)
    ]
    at = [math.log(2**k) for k in range(scales)]
    centre = sum(at) / scales
    out = []
    for sizes in zip(*moved):
        if any(size != size for size in sizes):
            out.append(nan)
        elif sizes[0] == 0:
            out.append(0.5)
        else:
            heights = [math.log(size) for size in sizes]
            slope = sum((x - centre) * y for x, y in zip(at, heights)) / sum((x - centre) ** 2 for x in at)
            out.append(min(max(slope / 2, 0.0), 1.0))
    return [out]


SLOW = {
    "log_return": log_return,
    "realized_vol": realized_vol,
    "ewma_vol": ewma_vol,
    "parkinson": parkinson,
    "garman_klass": garman_klass,
    "rogers_satchell": rogers_satchell,
    "yang_zhang": yang_zhang,
    "choppiness": choppiness,
    "half_life": half_life,
    "hurst": hurst,
}

TOLERANCE = {
    "half_life": (1e-11, "its slope is a difference of products that nearly cancel in a walk: 4.2e-12 of the result")
}
