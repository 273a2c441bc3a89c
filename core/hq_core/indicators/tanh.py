"""Hyperbolic Tangent."""

from __future__ import annotations

import math

from hq_core.jit import F8
from hq_core.kernels.maths.hyperbolic import tanh as tanh_of
from hq_core.kernels.smooth import finite
from hq_core.registry import indicator


@indicator(
    title="Hyperbolic Tangent",
    inputs="close",
    outputs={"tanh": "-1..1"},
    params={},
    warmup=lambda: 0,
    source="definition: (e^x - e^-x) / (e^x + e^-x)",
    talib="TANH",
)
def tanh(close: F8, out: F8) -> None:
    """Hyperbolic tangent.

    close  (n,)  a ratio; nan or infinite makes the row nan
    out    (n,)  -1 to 1
    """
    for i in range(len(close)):
        value = close[i]
        out[i] = tanh_of(value) if finite(value) else math.nan
