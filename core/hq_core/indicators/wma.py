"""Weighted Moving Average."""

from __future__ import annotations

import math

from hq_core.jit import F8, State
from hq_core.kernels.window import fold_weighted
from hq_core.registry import Param, indicator


@indicator(
    title="Weighted Moving Average",
    inputs="close",
    outputs={"wma": "unit of the input"},
    params={"period": Param(30, 1, 100_000, "rows in the average; the newest weighs the most")},
    state="plain weighted head:i8<period laps:i8",
    ring=lambda period: 2 * period,
    warmup=lambda period: period - 1,
    source="definition: weights 1, 2 ... n from the oldest row to the newest",
    talib="WMA",
)
def wma(close: F8, period: int, s: State, ring: F8, out: F8) -> None:
    """Mean of the last `period` rows with the weights 1, 2 ... `period`, the newest row's the largest.

    close  (n,)         any unit; nan or infinite: the output is nan while the row is in the window, `period`
                        rows, and afterwards what it would have been without it
    s      plain, weighted: this lap's sums, the second with the weights 1, 2, 3 ... from its first row; head:
           rows in this lap; laps: full laps before it
    ring   (2 period,)  those sums from each row to the end of the last lap; this lap's values overwrite them
    out    (n,)         unit of close; nan for the first period - 1 rows
    """
    plain = s.plain if s.laps > 0 else math.nan  # before the first full window every sum is nan
    weighted = s.weighted
    head = max(s.head, 0)  # it is never below 0; said here, indexing tests no signs
    last = period - 1
    share = 2.0 / (period * (period + 1.0))
    n = len(close)
    i = 0
    while i < n:
        stop = min(n, i + last - head)
        for j in range(i, stop):
            value = close[j]
            plain += value
            weighted += value * (head + 1)
            out[j] = (ring[2 * head + 3] + (last - head) * plain + weighted) * share
            ring[2 * head] = value
            head += 1
        i = stop
        if i < n:
            ring[2 * last] = close[i]
            fold_weighted(ring, period, 0.0)
            out[i] = ring[1] * share if ring[1] - ring[1] == 0.0 else math.nan
            plain = 0.0
            weighted = 0.0
            head = 0
            s.laps += 1
            i += 1
    s.plain = plain
    s.weighted = weighted
    s.head = head
