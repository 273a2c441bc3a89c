"""Aroon."""

from __future__ import annotations

import math

from hq_core.jit import F8, State, inline
from hq_core.kernels.extrema import height
from hq_core.registry import Param, indicator


@inline
def fold_latest(ring: F8, size: int, first: float) -> None:
    """Fold the highs and the negated lows of a lap, four slots a row: the highest from each row to the last, and its
    row number, the latest of equals; row `first` is the lap's first."""
    high = -math.inf
    low = -math.inf
    high_row = first
    low_row = first
    for i in range(size - 1, -1, -1):
        row = first + i
        up = ring[4 * i]
        down = ring[4 * i + 1]
        high_row = row if up > high else high_row
        low_row = row if down > low else low_row
        high = up if up > high else high
        low = down if down > low else low
        ring[4 * i] = high
        ring[4 * i + 1] = low
        ring[4 * i + 2] = high_row
        ring[4 * i + 3] = low_row


@indicator(
    title="Aroon",
    inputs="high low",
    outputs={"down": "0..100", "up": "0..100"},
    params={"period": Param(14, 2, 100_000, "rows that are looked back, besides this one")},
    state="high low high_row low_row row head:i8<=period laps:i8",
    ring=lambda period: 4 * (period + 1),
    warmup=lambda period: period,
    source="Chande 1995, Technical Analysis of Stocks & Commodities 13(9)",
    talib="AROON",
)
def aroon(high: F8, low: F8, period: int, s: State, ring: F8, out_down: F8, out_up: F8) -> None:
    """How recent the lowest low and the highest high of the last `period` + 1 rows are; of equals the latest counts.

    high, low  (n,)  price; nan or infinite: both outputs are nan while the row is in the window
    s     high, low: the highest of this lap, high and negated low (kernels/extrema.py); high_row, low_row: their rows;
          row: rows so far; head: rows in this lap; laps: full laps before it
    ring  (4 (period + 1),)  the highest from each row to the end of the last lap, and their rows; this lap's heights
          overwrite the first two of each four
    out_down, out_up  (n,)  100 for this row down to 0 for `period` rows ago; nan for the first `period` rows
    """
    top = s.high if s.laps > 0 else math.inf  # before the first full window nothing is known
    bottom = s.low
    top_row = s.high_row
    bottom_row = s.low_row
    row = s.row
    head = max(s.head, 0)  # it is never below 0; said here, indexing tests no signs
    share = 100.0 / period
    n = len(high)
    i = 0
    while i < n:
        stop = min(n, i + period - head)
        for j in range(i, stop):
            up = height(high[j], 1.0)
            down = height(low[j], -1.0)
            top_row = row if up >= top else top_row
            bottom_row = row if down >= bottom else bottom_row
            top = up if up >= top else top
            bottom = down if down >= bottom else bottom
            before = ring[4 * head + 4]
            under = ring[4 * head + 5]
            found = top_row if top >= before else ring[4 * head + 6]
            sunk = bottom_row if bottom >= under else ring[4 * head + 7]
            above = top if top >= before else before
            below = bottom if bottom >= under else under
            known = (above < math.inf) & (below < math.inf)
            out_up[j] = share * (period - (row - found)) if known else math.nan
            out_down[j] = share * (period - (row - sunk)) if known else math.nan
            ring[4 * head] = up
            ring[4 * head + 1] = down
            row += 1.0
            head += 1
        i = stop
        if i < n:
            ring[4 * period] = height(high[i], 1.0)
            ring[4 * period + 1] = height(low[i], -1.0)
            fold_latest(ring, period + 1, row - period)
            known = (ring[0] < math.inf) & (ring[1] < math.inf)
            out_up[i] = share * (period - (row - ring[2])) if known else math.nan
            out_down[i] = share * (period - (row - ring[3])) if known else math.nan
            top = -math.inf
            bottom = -math.inf
            row += 1.0
            head = 0
            s.laps += 1
            i += 1
    s.high = top
    s.low = bottom
    s.high_row = top_row
    s.low_row = bottom_row
    s.row = row
    s.head = head
