"""Williams' Accumulation/Distribution."""

from __future__ import annotations

import math

from hq_core.jit import F8, State
from hq_core.kernels.smooth import finite
from hq_core.registry import indicator


@indicator(
    title="Williams' Accumulation/Distribution",
    inputs="high low close",
    outputs={"wad": "unit of the input"},
    params={},
    state="total prev seen:i8",
    warmup=lambda: 0,
    source="Williams 1972, How I Made One Million Dollars; Achelis 2000, Technical Analysis from A to Z",
    talib="WAD",
)
def wad(high: F8, low: F8, close: F8, s: State, out: F8) -> None:
    """Running sum of how far a rising close is above the true low and a falling one below the true high.

    high, low, close  (n,)  price; a row with a nan or infinite one gives nan and is passed over
    s    total: the sum; prev: the last whole row's close; seen: 1 after the first whole row
    out  (n,)  unit of price; 0 at the first row; an unchanged close adds nothing
    """
    total = s.total
    prev = s.prev
    seen = s.seen
    for i in range(len(close)):
        value = close[i]
        if finite(high[i] - low[i] + value):
            if (seen > 0) & (value > prev):
                total += value - min(prev, low[i])
            elif (seen > 0) & (value < prev):
                total += value - max(prev, high[i])
            prev = value
            seen = 1
            out[i] = total
        else:
            out[i] = math.nan
    s.total = total
    s.prev = prev
    s.seen = seen
