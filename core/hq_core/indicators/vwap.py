"""Volume Weighted Average Price."""

from __future__ import annotations

import math

from hq_core.jit import F8, State
from hq_core.kernels.smooth import finite
from hq_core.registry import indicator


@indicator(
    title="Volume Weighted Average Price",
    inputs="high low close volume",
    outputs={"vwap": "unit of the input"},
    params={},
    state="money volume mean",
    warmup=lambda: 0,
    source="Berkowitz, Logue and Noser 1988, Journal of Finance 43(1); of the typical price, since the first row",
    talib="VWAP",
)
def vwap(high: F8, low: F8, close: F8, volume: F8, s: State, out: F8) -> None:
    """Mean typical price of all rows so far, each weighed by its volume.

    high, low, close  (n,)  price; a row with a nan or infinite input gives nan and is passed over
    volume  (n,)  base units
    s       money, volume: sums of typical price times volume, and of volume; mean: the last output
    out     (n,)  unit of price; as before where the volumes sum to 0 or less, 0 at the start, as TA-Lib
    """
    money = s.money
    total = s.volume
    mean = s.mean
    for i in range(len(close)):
        typical = (high[i] + low[i] + close[i]) / 3.0
        if finite(typical - volume[i]):
            money += typical * volume[i]
            total += volume[i]
            mean = money / total if total > 0.0 else mean
            out[i] = mean
        else:
            out[i] = math.nan
    s.money = money
    s.volume = total
    s.mean = mean
