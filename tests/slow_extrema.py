"""What windowed extremes and ranks must give, where TA-Lib is not exact or has no such function."""
from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from oracles import Columns, windows


def distances(values: np.ndarray, period: int) -> list[tuple[Fraction, Fraction] | None]:
    """For each row its distance from the mean of the last `period`, and their mean distance from it."""
    found: list[tuple[Fraction, Fraction] | None] = []
    for window in windows(values, period):
        if window is None:
            found.append(None)
        else:
            mean = sum(window) / period
            found.append((window[-1] - mean, sum(abs(value - mean) for value in window) / period))
    return found


def exact_avgdev(columns: Columns, period: int) -> list[list[float]]:
    return [[float(pair[1]) if pair else math.nan for pair in distances(columns["close"], period)]]


def exact_cci(columns: Columns, period: int) -> list[list[float]]:
    """From the typical price as it is rounded."""
    price = (columns["high"] + columns["low"] + columns["close"]) / 3.0
    found = []
    for pair in distances(price, period):
        apart, deviation = pair or (0, 1)
        share = float(apart / deviation / Fraction(15, 1000)) if deviation else 0.0
        found.append(share if pair else math.nan)
    return [found]


EXACT = {"avgdev": exact_avgdev, "cci": exact_cci}
TOLERANCE: dict[str, tuple[float, str]] = {
    "cci": (1e-9, "TA-Lib rounds the mean before it takes the distances from it"),
    "stochrsi kama": (
        0.2, "TA-Lib's efficiency ratio keeps 1.4e-14 of %K's moves in its running path; where the index is flat this "
        "is more than it still moves: 0.31 in place of 1; measured 0.16",
    ),
}
