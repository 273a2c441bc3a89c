"""Median Price."""

from __future__ import annotations

import math

from hq_core.jit import F8
from hq_core.kernels.smooth import finite
from hq_core.registry import indicator


@indicator(
    title="Median Price",
    inputs="high low",
    outputs={"medprice": "unit of high"},
    params={},
    warmup=lambda: 0,
    source="definition: (high + low) / 2",
    talib="MEDPRICE",
)
def medprice(high: F8, low: F8, out: F8) -> None:
    """Middle of a bar's range.

    high, low  (n,)  price; a nan or infinite one gives nan
    out  (n,)  their unit
    """
    for i in range(len(high)):
        value = (high[i] + low[i]) / 2.0
        out[i] = value if finite(value) else math.nan
