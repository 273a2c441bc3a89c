"""Market Facilitation Index."""

from __future__ import annotations

from hq_core.jit import F8
from hq_core.kernels.lag import over
from hq_core.registry import indicator


@indicator(
    title="Market Facilitation Index",
    inputs="high low volume",
    outputs={"marketfi": "ratio of price to volume"},
    params={},
    warmup=lambda: 0,
    source="Williams 1995, Trading Chaos, ch. 6",
    talib="MARKETFI",
)
def marketfi(high: F8, low: F8, volume: F8, out: F8) -> None:
    """A bar's range per unit of volume.

    high, low  (n,)  price
    volume     (n,)  base units
    out        (n,)  price over volume; 0 where there is no volume, as TA-Lib; nan where an input is not finite
    """
    for i in range(len(high)):
        out[i] = over(high[i] - low[i], volume[i], 0.0)
