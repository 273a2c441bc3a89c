"""Intraday Momentum Index."""

from __future__ import annotations

import math

from hq_core.jit import F8, State, inline
from hq_core.kernels.window import fold_pairs
from hq_core.registry import Param, indicator


@inline
def split(body: float) -> tuple[float, float]:
    """How far a row rose and how far it fell; a rise of nan where the body is nan or infinite."""
    return (body if body > 0.0 else 0.0) + (body - body), -body if body < 0.0 else 0.0


@indicator(
    title="Intraday Momentum Index",
    inputs="open close",
    outputs={"imi": "0..100"},
    params={"period": Param(14, 2, 100_000, "rows in the sums")},
    state="gain loss head:i8<period laps:i8",
    ring=lambda period: 2 * period,
    warmup=lambda period: period - 1,
    source="Chande and Kroll 1994, The New Technical Trader, ch. 6",
    talib="IMI",
)
def imi(open: F8, close: F8, period: int, s: State, ring: F8, out: F8) -> None:
    """Sum of the rising bodies, close above open, in percent of all bodies of the last `period` rows.

    open, close  (n,)         price; a nan or infinite one: the output is nan while the row is in the window,
                              `period` rows, and afterwards what it would have been without it
    s            gain, loss: this lap's sums of rising and falling bodies; head: rows in this lap; laps: full
                 laps before it
    ring         (2 period,)  those two sums to the end of the last lap; this lap's bodies overwrite them
    out          (n,)         0..100, nan for the first period - 1 rows; 50 when nothing has moved, as TA-Lib
    """
    gain = s.gain if s.laps > 0 else math.nan  # before the first full window every sum is nan
    loss = s.loss
    head = max(s.head, 0)  # it is never below 0; said here, indexing tests no signs: a fifth less time
    last = period - 1
    n = len(close)
    i = 0
    while i < n:
        stop = min(n, i + last - head)
        for j in range(i, stop):
            body = close[j] - open[j]
            rise, fall = split(body)
            gain += rise
            loss += fall
            up = ring[2 * head + 2] + gain
            total = up + ring[2 * head + 3] + loss
            share = up / total if total != 0.0 else 0.5
            out[j] = 100.0 * share
            ring[2 * head] = rise
            ring[2 * head + 1] = fall
            head += 1
        i = stop
        if i < n:
            body = close[i] - open[i]
            ring[2 * last], ring[2 * last + 1] = split(body)
            fold_pairs(ring, period)
            total = ring[0] + ring[1]
            out[i] = 100.0 * (ring[0] / total if total != 0.0 else 0.5)
            gain = 0.0
            loss = 0.0
            head = 0
            s.laps += 1
            i += 1
    s.gain = gain
    s.loss = loss
    s.head = head
