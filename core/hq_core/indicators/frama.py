"""Fractal Adaptive Moving Average."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, State, kernel
from hq_core.kernels.maths.exp import exp
from hq_core.kernels.maths.log import ln_ratio
from hq_core.kernels.smooth import finite
from hq_core.registry import Param

PER_LN2 = 1.4426950408889634


@kernel(state="mean dimension seen:i8")
def by_dimension(price: F8, top: F8, bottom: F8, top_before: F8, bottom_before: F8, s: State, out: F8) -> None:
    """The average of price by the fractal dimension of two halves of a window, the newer one first.

    s  mean: the average, from the first price on; dimension: of the last window that moved; seen: 1 after the first
    """
    mean = s.mean
    dimension = s.dimension
    seen = s.seen
    for i in range(len(price)):
        value = price[i]
        newer = top[i] - bottom[i]
        older = top_before[i] - bottom_before[i]
        highest = top[i] if top[i] > top_before[i] else top_before[i]
        lowest = bottom[i] if bottom[i] < bottom_before[i] else bottom_before[i]
        whole = highest - lowest
        out[i] = math.nan
        if finite(value) & finite(newer) & finite(older):
            if (newer > 0.0) & (older > 0.0) & (whole > 0.0):
                dimension = ln_ratio(2.0 * (newer + older), whole) * PER_LN2  # of ranges over rows
            share = exp(-4.6 * (dimension - 1.0))
            if share < 0.01:
                share = 0.01
            if (share > 1.0) | (seen == 0):
                share = 1.0
            mean = share * value + (1.0 - share) * mean
            seen = 1
            out[i] = mean
    s.mean = mean
    s.dimension = dimension
    s.seen = seen


@composite(
    title="Fractal Adaptive Moving Average",
    inputs="high low",
    outputs={"frama": "unit of the input"},
    params={"period": Param(16, 2, 100_000, "rows in the two halves of the window; an odd number counts as one more")},
    source="Ehlers 2005, Technical Analysis of Stocks & Commodities 23(10)",
)
def frama(on: Nodes, high: Line, low: Line, period: int) -> Line:
    """Average of the bars' middles that follows them fast while they go straight, and slowly while the two halves of
    the window are as wide as the whole.

    It begins at the first middle whose window is full.  A row that is not finite makes it nan while it is in the
    window; the average passes over those rows.
    """
    half = (period + 1) // 2
    top, bottom = (on.max(high, half), on.min(low, half)) if half > 1 else (high, low)
    found: Line = on.apply(by_dimension, on.medprice(high, low), top, bottom, on.lag(top, half), on.lag(bottom, half))
    return found
