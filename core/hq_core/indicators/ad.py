"""Chaikin Accumulation/Distribution Line."""

from __future__ import annotations

import math

from hq_core.jit import F8, State
from hq_core.kernels.smooth import finite
from hq_core.registry import indicator


@indicator(
    title="Chaikin Accumulation/Distribution Line",
    inputs="high low close volume",
    outputs={"ad": "unit of volume"},
    params={},
    state="total",
    warmup=lambda: 0,
    source="Chaikin; Achelis 2000, Technical Analysis from A to Z, Accumulation/Distribution",
    talib="AD",
)
def ad(high: F8, low: F8, close: F8, volume: F8, s: State, out: F8) -> None:
    """Running sum of volume, each bar's weighed by where in its range it closed: 1 at the high, -1 at the low.

    high, low, close  (n,)  price; a row with a nan or infinite input gives nan and is passed over
    volume  (n,)  base units
    s       total: the sum
    out     (n,)  unit of volume; a bar whose high is not above its low adds nothing, as TA-Lib
    """
    total = s.total
    for i in range(len(close)):
        span = high[i] - low[i]
        if finite(span + close[i] - volume[i]):
            if span > 0.0:
                total += (((close[i] - low[i]) - (high[i] - close[i])) / span) * volume[i]
            out[i] = total
        else:
            out[i] = math.nan
    s.total = total
