"""Exact forms of recursive and cumulative indicators, and how far TA-Lib is from hq where it is less exact."""

from __future__ import annotations

import math

import numpy as np
from oracles import Columns, windows


def exact_cmou(columns: Columns, period: int) -> list[list[float]]:
    found = []
    for window in windows(columns["close"], period + 1):
        moves = [b - a for a, b in zip(window, window[1:])] if window else []
        size = sum(map(abs, moves))
        found.append((float(100 * sum(moves) / size) if size else 0.0) if window else math.nan)
    return [found]


def exact_mavp(columns: Columns, min: int, max: int, matype: str) -> list[list[float]]:
    """Of plain means, the only ones that are a window's."""
    assert matype == "sma"
    low, high = sorted((min, max))
    known = {period: windows(columns["close"], period) for period in range(low, high + 1)}
    found = []
    for row, period in enumerate(columns["periods"]):
        window = known[int(np.clip(period, low, high))][row] if np.isfinite(period) and row >= high - 1 else None
        found.append(float(sum(window) / len(window)) if window else math.nan)
    return [found]


EXACT = {"cmou": exact_cmou, "mavp": exact_mavp}
TOLERANCE = {
    "ppo": (1e-10, "TA-Lib's WMA, TRIMA and HMA keep running sums that are up to 1e-12 off, and this is in percent"),
    "pvo": (1e-10, "as ppo"),
}
