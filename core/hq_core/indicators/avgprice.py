"""Average Price."""

from __future__ import annotations

import math

from hq_core.jit import F8
from hq_core.kernels.smooth import finite
from hq_core.registry import indicator


@indicator(
    title="Average Price",
    inputs="open high low close",
    outputs={"avgprice": "unit of close"},
    params={},
    warmup=lambda: 0,
    source="definition: (open + high + low + close) / 4",
    talib="AVGPRICE",
)
def avgprice(open: F8, high: F8, low: F8, close: F8, out: F8) -> None:
    """Plain mean of a bar's four prices.

    open, high, low, close  (n,)  price; a nan or infinite one gives nan
    out  (n,)  their unit
    """
    for i in range(len(close)):
        value = (high[i] + low[i] + close[i] + open[i]) / 4.0
        out[i] = value if finite(value) else math.nan
