"""Relative Strength Index."""
from __future__ import annotations

import math

from hq_core.jit import F8, State
from hq_core.kernels.smooth import finite
from hq_core.registry import Param, indicator


@indicator(
    title="Relative Strength Index",
    inputs="close",
    outputs={"rsi": "0..100"},
    params={"period": Param(14, 2, 100_000, "rows in Wilder's average")},
    state="gain loss prev seen:i8",
    warmup=lambda period: period,
    source="Wilder 1978, New Concepts in Technical Trading Systems, ch. 6",
    talib="RSI",
)
def rsi(close: F8, period: int, s: State, out: F8) -> None:
    """Wilder's smoothed share of up moves among all moves.

    close  (n,)  price; a nan or infinite row gives nan and is passed over: the next move is measured from the
                 last finite row
    s      gain, loss: period times Wilder's mean move, unit of close (the factor cancels and saves two
           divisions a row); prev: the last finite row; seen: finite rows, up to the first output
    out    (n,)  0..100, nan for the first `period` rows; 0 when nothing has moved, as TA-Lib
    """
    gain = s.gain
    loss = s.loss
    prev = s.prev
    seen = s.seen
    keep = (period - 1) / period
    n = len(close)
    i = 0
    while i < n and seen <= period:
        value = close[i]
        out[i] = math.nan
        if finite(value):
            if seen > 0:
                gain += max(value - prev, 0.0)
                loss += max(prev - value, 0.0)
            prev = value
            seen += 1
            if seen > period:
                total = gain + loss
                out[i] = 100.0 * (gain / total) if total > 0.0 else 0.0
        i += 1
    while i < n:
        while i < n:
            value = close[i]
            if not finite(value):
                break
            gain = gain * keep + max(value - prev, 0.0)
            loss = loss * keep + max(prev - value, 0.0)
            prev = value
            total = gain + loss
            out[i] = 100.0 * (gain / total) if total > 0.0 else 0.0
            i += 1
        if i < n:
            out[i] = math.nan
            i += 1
    s.gain = gain
    s.loss = loss
    s.prev = prev
    s.seen = seen
