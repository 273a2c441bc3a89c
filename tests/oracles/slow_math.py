"""Indicators that are made of an elementary function, in many digits."""

from __future__ import annotations

import math

import mpmath
import numpy as np
from oracles import Columns, windows

Rows = list[list[float]]


def slope(window: list) -> mpmath.mpf:
    """Least squares: twelve sums of rows about the middle over n (n^2 - 1)."""
    n = len(window)
    found = 12 * sum((i - type(window[0])(n - 1) / 2) * value for i, value in enumerate(window)) / (n * (n * n - 1))
    return mpmath.mpf(found.numerator) / found.denominator


def exact_angle(columns: Columns, period: int) -> Rows:
    with mpmath.workprec(120):
        return [
            [
                math.nan if window is None else float(mpmath.degrees(mpmath.atan(slope(window))))
                for window in windows(np.asarray(columns["close"]), period)
            ]
        ]


SLOW = {"linearreg_angle": exact_angle}

TOLERANCE = {
    "linearreg_angle": (1e-8, "TA-Lib's slope subtracts sums of prices: 1.2e-9 of 90 degrees on prices near 1e5")
}
