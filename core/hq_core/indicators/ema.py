"""Exponential Moving Average."""
from __future__ import annotations

import math

from hq_core.jit import F8, State
from hq_core.kernels.smooth import finite, seeded_mean
from hq_core.registry import Param, indicator


@indicator(
    title="Exponential Moving Average",
    inputs="close",
    outputs={"ema": "unit of the input"},
    params={"period": Param(30, 1, 100_000, "rows; the newest weighs 2 / (period + 1)")},
    state="mean seen:i8",
    warmup=lambda period: period - 1,
    source="Roberts 1959, Technometrics 1(3); the seed is the plain mean of the first n rows, as TA-Lib",
    talib="EMA",
)
def ema(close: F8, period: int, s: State, out: F8) -> None:
    """Average that moves towards each row by 2 / (period + 1) of the distance.

    close  (n,)  any unit; a nan or infinite row gives nan and is passed over: the next row carries on as if
                 it had not been there
    s      mean: the average, or the plain sum while seen < period; seen: finite rows, up to period
    out    (n,)  unit of close; nan for the first period - 1 rows
    """
    mean = s.mean
    seen = s.seen
    weight = 2.0 / (period + 1)
    n = len(close)
    i = 0
    while i < n and seen < period:
        out[i], mean, seen = seeded_mean(close[i], mean, seen, period, weight)
        i += 1
    while i < n and period == 1:        # no smoothing; the recurrence would round
        out[i] = close[i] if finite(close[i]) else math.nan
        i += 1
    while i < n:
        while i < n:
            value = close[i]
            if not finite(value):
                break           # out of the recurrence, where a choice would cost a quarter of the time
            mean = (value - mean) * weight + mean
            out[i] = mean
            i += 1
        if i < n:
            out[i] = math.nan
            i += 1
    s.mean = mean
    s.seen = seen
