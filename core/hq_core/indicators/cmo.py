"""Chande Momentum Oscillator."""
from __future__ import annotations

import math

from hq_core.jit import F8, State
from hq_core.kernels.smooth import finite
from hq_core.registry import Param, indicator


@indicator(
    title="Chande Momentum Oscillator",
    inputs="close",
    outputs={"cmo": "ratio in percent, -100..100"},
    params={"period": Param(14, 2, 100_000, "rows in Wilder's average")},
    state="gain loss prev seen:i8",
    warmup=lambda period: period,
    source="Chande and Kroll 1994, The New Technical Trader, ch. 5; smoothed as Wilder's RSI, as TA-Lib",
    talib="CMO",
)
def cmo(close: F8, period: int, s: State, out: F8) -> None:
    """Wilder's smoothed up moves less down moves, in percent of all moves.

    close  (n,)  price; a nan or infinite row gives nan and is passed over: the next move is measured from the
                 last finite row
    s      gain, loss: Wilder's mean moves, unit of close, or plain sums while seen <= period; prev: the last
           finite row; seen: finite rows, up to the first output
    out    (n,)  -100..100, nan for the first `period` rows; 0 when nothing has moved, as TA-Lib

    Chande's own form takes plain sums of the last `period` moves; TA-Lib's, and so this one, decays them.
    """
    gain = s.gain
    loss = s.loss
    prev = s.prev
    seen = s.seen
    rest = period - 1
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
                gain /= period
                loss /= period
                total = gain + loss
                out[i] = 100.0 * ((gain - loss) / total) if total > 0.0 else 0.0
        i += 1
    while i < n:
        while i < n:
            value = close[i]
            if not finite(value):
                break
            gain = (gain * rest + max(value - prev, 0.0)) / period
            loss = (loss * rest + max(prev - value, 0.0)) / period
            prev = value
            total = gain + loss
            out[i] = 100.0 * ((gain - loss) / total) if total > 0.0 else 0.0
            i += 1
        if i < n:
            out[i] = math.nan
            i += 1
    s.gain = gain
    s.loss = loss
    s.prev = prev
    s.seen = seen
