"""Typical Price."""

from __future__ import annotations

import math

from hq_core.jit import F8
from hq_core.kernels.smooth import finite
from hq_core.registry import indicator


@indicator(
    title="Typical Price",
    inputs="high low close",
    outputs={"typprice": "unit of close"},
    params={},
    warmup=lambda: 0,
    source="definition: (high + low + close) / 3",
    talib="TYPPRICE",
)
def typprice(high: F8, low: F8, close: F8, out: F8) -> None:
    """Plain mean of a bar's high, low and close.

    high, low, close  (n,)  price; a nan or infinite one gives nan
    out  (n,)  their unit
    """
    for i in range(len(close)):
        value = (high[i] + low[i] + close[i]) / 3.0
        out[i] = value if finite(value) else math.nan
