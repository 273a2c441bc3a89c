"""Plus Directional Indicator."""
from __future__ import annotations

import math

from hq_core.jit import F8, State
from hq_core.kernels.directional import directional
from hq_core.kernels.smooth import finite
from hq_core.registry import Param, indicator


@indicator(
    title="Plus Directional Indicator",
    inputs="high low close",
    outputs={"plus_di": "0..100"},
    params={"period": Param(14, 1, 100_000, "rows in Wilder's sums")},
    state="moved span high low close seen:i8",
    warmup=lambda period: period,
    source="Wilder 1978, New Concepts in Technical Trading Systems, ch. 4",
    talib="PLUS_DI",
)
def plus_di(high: F8, low: F8, close: F8, period: int, s: State, out: F8) -> None:
    """Wilder's sum of the moves up, in percent of his sum of the true ranges.

    high, low, close  (n,)  price; a row with a nan or infinite one among them gives nan and is passed over:
                            the next move is measured from the last whole row
    s      moved, span: Wilder's sums of the moves up and of the true ranges; high, low, close: the last
           whole row; seen: whole rows, up to the first output
    out    (n,)  0..100, nan for the first `period` rows; 0 when nothing has moved; a fraction, 0..1,
                 with period 1, as TA-Lib
    """
    moved = s.moved
    span = s.span
    high_before = s.high
    low_before = s.low
    close_before = s.close
    scale = 100.0 if period > 1 else 1.0
    seen = s.seen
    keep = (period - 1) / period
    ready = period + 1
    n = len(close)
    i = 0
    while i < n and seen < ready:
        out[i] = math.nan
        if finite(high[i] - low[i] + close[i]):
            if seen > 0:
                moved, _, span = directional(
                    high[i], low[i], high_before, low_before, close_before, moved, 0.0, span,
                    1.0 if seen < period else keep,
                )
            high_before = high[i]
            low_before = low[i]
            close_before = close[i]
            seen += 1
            if seen == ready:
                out[i] = scale * (moved / span) if span > 0.0 else 0.0
        i += 1
    while i < n:
        while i < n:
            if not finite(high[i] - low[i] + close[i]):     # one of three that is not makes the sum not
                break
            moved, _, span = directional(
                high[i], low[i], high_before, low_before, close_before, moved, 0.0, span, keep
            )
            high_before = high[i]
            low_before = low[i]
            close_before = close[i]
            out[i] = scale * (moved / span) if span > 0.0 else 0.0
            i += 1
        if i < n:
            out[i] = math.nan
            i += 1
    s.moved = moved
    s.span = span
    s.high = high_before
    s.low = low_before
    s.close = close_before
    s.seen = seen
