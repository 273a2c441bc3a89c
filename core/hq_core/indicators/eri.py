"""Elder Ray Index."""
from __future__ import annotations

import math

from hq_core.jit import F8, State
from hq_core.kernels.smooth import finite, seed_or_move
from hq_core.registry import Param, indicator


@indicator(
    title="Elder Ray Index",
    inputs="high low close",
    outputs={"bullpower": "unit of the input", "bearpower": "unit of the input"},
    params={"period": Param(13, 1, 100_000, "rows in the EMA")},
    state="mean seen:i8",
    warmup=lambda period: period - 1,
    source="Elder 1993, Trading for a Living, ch. 8",
    talib="ERI",
)
def eri(
    high: F8, low: F8, close: F8, period: int, s: State, out_bullpower: F8, out_bearpower: F8
) -> None:
    """Distance of each bar's high, and of its low, from the EMA of the close.

    high, low, close  (n,)  price; a row with a nan or infinite one gives nan and is passed over
    s      mean: the EMA, or its seed's sum; seen: whole rows, up to the first output
    out_*  (n,)  unit of price; nan for the first period - 1 rows
    """
    mean = s.mean
    seen = s.seen
    weight = 2.0 / (period + 1)
    n = len(close)
    i = 0
    while i < n and seen < period:
        out_bullpower[i] = math.nan
        out_bearpower[i] = math.nan
        if finite(high[i] - low[i] + close[i]):
            seen += 1
            mean = seed_or_move(close[i], mean, seen, period, weight)
            if seen == period:
                out_bullpower[i] = high[i] - mean
                out_bearpower[i] = low[i] - mean
        i += 1
    while i < n:
        while i < n:
            if not finite(high[i] - low[i] + close[i]):     # one of three that is not makes the sum not
                break
            mean = (close[i] - mean) * weight + mean if period > 1 else close[i]
            out_bullpower[i] = high[i] - mean
            out_bearpower[i] = low[i] - mean
            i += 1
        if i < n:
            out_bullpower[i] = math.nan
            out_bearpower[i] = math.nan
            i += 1
    s.mean = mean
    s.seen = seen
