"""On Balance Volume."""

from __future__ import annotations

import math

from hq_core.jit import F8, State
from hq_core.kernels.smooth import finite
from hq_core.registry import indicator


@indicator(
    title="On Balance Volume",
    inputs="close volume",
    outputs={"obv": "unit of volume"},
    params={},
    state="total prev seen:i8",
    warmup=lambda: 0,
    source="Granville 1963, Granville's New Key to Stock Market Profits",
    talib="OBV",
)
def obv(close: F8, volume: F8, s: State, out: F8) -> None:
    """Running sum of volume, added where the close rises and taken off where it falls.

    close   (n,)  price; a row with a nan or infinite price or volume gives nan and is passed over
    volume  (n,)  base units
    s       total: the sum; prev: the last whole row's close; seen: 1 after the first whole row
    out     (n,)  unit of volume; starts at the first whole row's volume, as TA-Lib
    """
    total = s.total
    prev = s.prev if s.seen > 0 else -math.inf  # the first close has risen
    seen = s.seen
    for i in range(len(close)):
        value = close[i]
        if finite(value - volume[i]):
            total += volume[i] if value > prev else (-volume[i] if value < prev else 0.0)
            prev = value
            seen = 1
            out[i] = total
        else:
            out[i] = math.nan
    s.total = total
    s.prev = prev
    s.seen = seen
