"""Ehlers' Super Smoother."""

from __future__ import annotations

import math

from hq_core.jit import F8, State
from hq_core.kernels.maths.exp import exp
from hq_core.kernels.maths.trig import cos
from hq_core.kernels.smooth import finite
from hq_core.registry import Param, indicator


@indicator(
    title="Super Smoother",
    inputs="close",
    outputs={"super_smoother": "unit of the input"},
    params={"period": Param(10, 1, 100_000, "rows of the longest wave that is taken out")},
    state="before first second seen:i8",
    warmup=lambda period: 0,
    source="Ehlers 2013, Cycle Analytics for Traders, ch. 3",
    talib=None,
)
def super_smoother(close: F8, period: int, s: State, out: F8) -> None:
    """Two-pole Butterworth filter of the mean of two rows.

    close  (n,)  any unit; a nan or infinite row gives nan and is passed over
    s      before: the last finite row; first, second: the last two outputs; seen: 1 after the first
    out    (n,)  unit of close; starts as if the first row had been there for ever
    """
    before = s.before
    first = s.first
    second = s.second
    seen = s.seen
    angle = math.sqrt(2.0) * math.pi / period
    decay = exp(-angle)
    once = 2.0 * decay * cos(angle)
    twice = decay * decay
    rest = (1.0 - once + twice) / 2.0
    for i in range(len(close)):
        value = close[i]
        out[i] = math.nan
        if finite(value):
            if seen == 0:
                before = value
                first = value
                second = value
                seen = 1
            now = rest * (value + before) + once * first - twice * second
            second = first
            first = now
            before = value
            out[i] = now
    s.before = before
    s.first = first
    s.second = second
    s.seen = seen
