"""Average True Range."""
from __future__ import annotations

import math

from hq_core.jit import F8, State
from hq_core.kernels.smooth import finite, true_range
from hq_core.registry import Param, indicator


@indicator(
    title="Average True Range",
    inputs="high low close",
    outputs={"atr": "unit of the input, >= 0"},
    params={"period": Param(14, 1, 100_000, "rows in Wilder's average")},
    state="mean prev seen:i8",
    warmup=lambda period: period,
    source="Wilder 1978, New Concepts in Technical Trading Systems, ch. 3",
    talib="ATR",
)
def atr(high: F8, low: F8, close: F8, period: int, s: State, out: F8) -> None:
    """Wilder's average of the true range.

    high, low, close  (n,)  price; a row with a nan or infinite one among them gives nan and is passed over:
                            the next true range reaches back to the last whole row's close
    s      mean: the average, or the plain sum while seen <= period; prev: the last whole row's close; seen:
           whole rows, up to the first output
    out    (n,)  unit of price; nan for the first `period` rows: the first row has no true range, as TA-Lib
    """
    mean = s.mean
    prev = s.prev
    seen = s.seen
    weight = 1.0 / period
    keep = (period - 1) / period
    n = len(close)
    i = 0
    while i < n and seen <= period:
        out[i] = math.nan
        if finite(high[i] - low[i] + close[i]):
            if seen > 0:
                mean += true_range(high[i], low[i], prev)
            prev = close[i]
            seen += 1
            if seen > period:
                mean /= period
                out[i] = mean
        i += 1
    while i < n:
        while i < n:
            if not finite(high[i] - low[i] + close[i]):     # one of three that is not makes the sum not
                break
            mean = mean * keep + true_range(high[i], low[i], prev) * weight
            prev = close[i]
            out[i] = mean
            i += 1
        if i < n:
            out[i] = math.nan
            i += 1
    s.mean = mean
    s.prev = prev
    s.seen = seen
