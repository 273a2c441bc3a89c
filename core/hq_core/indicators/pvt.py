"""Price Volume Trend."""

from __future__ import annotations

import math

from hq_core.jit import F8, State
from hq_core.kernels.smooth import finite
from hq_core.registry import indicator


@indicator(
    title="Price Volume Trend",
    inputs="close volume",
    outputs={"pvt": "volume times relative change"},
    params={},
    state="total prev seen:i8",
    warmup=lambda: 0,
    source="Achelis 2000, Technical Analysis from A to Z, Price and Volume Trend",
    talib="PVT",
)
def pvt(close: F8, volume: F8, s: State, out: F8) -> None:
    """Running sum of volume, each row's times its relative change of price.

    close   (n,)  price; a row with a nan or infinite price or volume gives nan and is passed over
    volume  (n,)  base units
    s       total: the sum; prev: the last whole row's close; seen: 1 after the first whole row
    out     (n,)  unit of volume; 0 at the first row; a row after a close of 0 adds nothing, as TA-Lib
    """
    total = s.total
    prev = s.prev
    seen = s.seen
    for i in range(len(close)):
        value = close[i]
        known = finite(value - volume[i])
        if known:
            if (seen > 0) & (prev != 0.0):
                total += (value - prev) / prev * volume[i]
            prev = value
            seen = 1
        out[i] = total if known else math.nan
    s.total = total
    s.prev = prev
    s.seen = seen
