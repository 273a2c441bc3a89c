"""Simple Moving Average."""

from __future__ import annotations

import math

from hq_core.jit import F8, State
from hq_core.kernels.window import fold
from hq_core.registry import Param, indicator


@indicator(
    title="Simple Moving Average",
    inputs="close",
    outputs={"sma": "unit of the input"},
    params={"period": Param(30, 1, 100_000, "rows in the mean")},
    state="total head:i8<period laps:i8",
    ring=lambda period: period,
    warmup=lambda period: period - 1,
    source="definition: sum of the last n values over n",
    talib="SMA",
)
def sma(close: F8, period: int, s: State, ring: F8, out: F8) -> None:
    """Plain mean of the last `period` rows.

    close  (n,)       any unit; nan or infinite: the output is not finite while the row is in the window,
                      `period` rows, and afterwards what it would have been without it
    s      total: sum of the current lap; head: its rows; laps: full laps before it
    ring   (period,)  sums to the end of the last lap, overwritten by this lap's values (kernels/window.py)
    out    (n,)       unit of close; nan for the first period - 1 rows

    Deviates from TA-Lib after a tick that dwarfs its neighbours: 1e17 among prices near 100 shifts TA-Lib's
    SMA(10) by 4.6 for all later rows, this one by nothing.
    """
    total = s.total if s.laps > 0 else math.nan  # before the first full window every sum is nan
    head = max(s.head, 0)  # it is never below 0; said here, indexing tests no signs: a fifth less time
    last = period - 1
    n = len(close)
    i = 0
    while i < n:
        stop = min(n, i + last - head)
        for j in range(i, stop):
            value = close[j]
            total += value
            out[j] = (ring[head + 1] + total) / period
            ring[head] = value
            head += 1
        i = stop
        if i < n:
            ring[last] = close[i]
            fold(ring, period)
            out[i] = ring[0] / period
            total = 0.0
            head = 0
            s.laps += 1
            i += 1
    s.total = total
    s.head = head
