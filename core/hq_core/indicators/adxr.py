"""Average Directional Movement Index Rating."""
from __future__ import annotations

import math

from hq_core.jit import F8, State
from hq_core.kernels.directional import directional, imbalance
from hq_core.kernels.smooth import finite
from hq_core.registry import Param, indicator


@indicator(
    title="Average Directional Movement Index Rating",
    inputs="high low close",
    outputs={"adxr": "0..100"},
    params={"period": Param(14, 2, 100_000, "rows in Wilder's sums, in his average and, less one, back")},
    state="plus minus span high low close mean head:i8 seen:i8",
    ring=lambda period: period - 1,
    warmup=lambda period: 3 * period - 2,
    source="Wilder 1978, New Concepts in Technical Trading Systems, ch. 4",
    talib="ADXR",
)
def adxr(high: F8, low: F8, close: F8, period: int, s: State, ring: F8, out: F8) -> None:
    """Mean of the average directional movement index now and period - 1 rows ago.

    high, low, close  (n,)  price; a row with a nan or infinite one among them gives nan and is passed over:
                            the next move is measured from the last whole row
    s      plus, minus, span: Wilder's sums of moves up, moves down and true ranges; high, low, close: the
           last whole row; mean: the average, or the plain sum before it is known; head: slot of the
           oldest average; seen: whole rows, up to the first output
    ring   (period - 1,)  the last averages, those of whole rows
    out    (n,)  0..100, nan for the first 3 * period - 2 rows; where nothing has moved, as in adx
    """
    plus = s.plus
    minus = s.minus
    span = s.span
    high_before = s.high
    low_before = s.low
    close_before = s.close
    mean = s.mean
    head = max(s.head, 0)         # it is never below 0; said here, indexing tests no signs
    weight = 1.0 / period
    seen = s.seen
    keep = (period - 1) / period
    ready = 3 * period - 1
    n = len(close)
    i = 0
    while i < n and seen < ready:
        out[i] = math.nan
        if finite(high[i] - low[i] + close[i]):
            if seen > 0:
                plus, minus, span = directional(
                    high[i], low[i], high_before, low_before, close_before, plus, minus, span,
                    1.0 if seen < period else keep,
                )
            high_before = high[i]
            low_before = low[i]
            close_before = close[i]
            seen += 1
            if period < seen <= 2 * period:
                mean += imbalance(plus, minus, span, 0.0)
            if seen == 2 * period:
                mean /= period
            if seen > 2 * period:
                mean = mean * keep + imbalance(plus, minus, span, mean) * weight
            if seen == ready:
                out[i] = 0.5 * (mean + ring[head])
            if seen >= 2 * period:
                ring[head] = mean
                head = head + 1 if head + 1 < period - 1 else 0
        i += 1
    while i < n:
        while i < n:
            if not finite(high[i] - low[i] + close[i]):     # one of three that is not makes the sum not
                break
            plus, minus, span = directional(
                high[i], low[i], high_before, low_before, close_before, plus, minus, span, keep
            )
            high_before = high[i]
            low_before = low[i]
            close_before = close[i]
            mean = mean * keep + imbalance(plus, minus, span, mean) * weight
            out[i] = 0.5 * (mean + ring[head])
            ring[head] = mean
            head = head + 1 if head + 1 < period - 1 else 0
            i += 1
        if i < n:
            out[i] = math.nan
            i += 1
    s.plus = plus
    s.minus = minus
    s.span = span
    s.high = high_before
    s.low = low_before
    s.close = close_before
    s.mean = mean
    s.head = head
    s.seen = seen
