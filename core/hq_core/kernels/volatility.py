"""What a bar says of its volatility, and the root of the mean of it; all of logarithms of ratios of prices."""

from __future__ import annotations

import math

from hq_core.jit import F8, kernel
from hq_core.kernels.maths.log import ln_ratio

BODY = 2.0 * 0.6931471805599453 - 1.0  # the weight of the squared body against half of the squared range


@kernel()
def growth(close: F8, before: F8, out: F8) -> None:
    """ln(close / before); nan unless both are positive."""
    for i in range(len(close)):
        out[i] = ln_ratio(close[i], before[i])


@kernel()
def squared(first: F8, second: F8, out: F8) -> None:
    """ln(first / second)^2; nan unless both are positive."""
    for i in range(len(first)):
        apart = ln_ratio(first[i], second[i])
        out[i] = apart * apart


@kernel()
def range_and_body(open: F8, high: F8, low: F8, close: F8, out: F8) -> None:
    """Half of the squared range less a share of the squared body (Garman and Klass 1980)."""
    for i in range(len(open)):
        span = ln_ratio(high[i], low[i])
        body = ln_ratio(close[i], open[i])
        out[i] = 0.5 * (span * span) - BODY * (body * body)


@kernel()
def without_drift(open: F8, high: F8, low: F8, close: F8, out: F8) -> None:
    """What high and low are away from open times what they are away from close (Rogers and Satchell 1991)."""
    for i in range(len(open)):
        up = ln_ratio(high[i], close[i]) * ln_ratio(high[i], open[i])
        out[i] = up + ln_ratio(low[i], close[i]) * ln_ratio(low[i], open[i])


@kernel()
def root_of(total: F8, scale: float, out: F8) -> None:
    """Root of total * scale; 0 where that is negative, as it can be where high is not the highest."""
    for i in range(len(total)):
        square = total[i] * scale
        out[i] = 0.0 if square < 0.0 else math.sqrt(square)
