"""Rate of change of a triple exponential average."""
from __future__ import annotations

import math

from hq_core.jit import F8, State
from hq_core.kernels.smooth import finite, seed_or_move
from hq_core.registry import Param, indicator


@indicator(
    title="Rate of Change of a Triple EMA",
    inputs="close",
    outputs={"trix": "ratio in percent, 0 is no change"},
    params={"period": Param(30, 1, 100_000, "rows in each EMA; the newest weighs 2 / (period + 1)")},
    state="first second third seen:i8",
    warmup=lambda period: 3 * period - 2,
    source="Hutson 1983, Technical Analysis of Stocks & Commodities 1(5), Good TRIX",
    talib="TRIX",
)
def trix(close: F8, period: int, s: State, out: F8) -> None:
    """One-row change, in percent, of the EMA of the EMA of the EMA.

    close  (n,)  any unit; a nan or infinite row gives nan and is passed over
    s      first, second, third: the averages, each a plain sum until `period` values of the one before it are
           in; seen: finite rows, up to the first output
    out    (n,)  percent; nan for the first 3 period - 2 rows; 0 where the average before is 0, as TA-Lib
    """
    first = s.first
    second = s.second
    third = s.third
    seen = s.seen
    weight = 2.0 / (period + 1)
    ready = 3 * period - 1
    n = len(close)
    i = 0
    while i < n and seen < ready:
        value = close[i]
        out[i] = math.nan
        if finite(value):
            seen += 1
            before = third
            first = seed_or_move(value, first, seen, period, weight)
            if seen >= period:
                second = seed_or_move(first, second, seen - period + 1, period, weight)
            if seen >= 2 * period - 1:
                third = seed_or_move(second, third, seen - 2 * period + 2, period, weight)
            if seen == ready:
                out[i] = (third / before - 1.0) * 100.0 if before != 0.0 else 0.0
        i += 1
    while i < n:
        while i < n:
            value = close[i]
            if not finite(value):
                break
            before = third
            first = (value - first) * weight + first
            second = (first - second) * weight + second
            third = (second - third) * weight + third
            out[i] = (third / before - 1.0) * 100.0 if before != 0.0 else 0.0
            i += 1
        if i < n:
            out[i] = math.nan
            i += 1
    s.first = first
    s.second = second
    s.third = third
    s.seen = seen
