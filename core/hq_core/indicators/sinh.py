"""Hyperbolic Sine."""

from __future__ import annotations

import math

from hq_core.jit import F8
from hq_core.kernels.maths.hyperbolic import sinh as sinh_of
from hq_core.kernels.smooth import finite
from hq_core.registry import indicator


@indicator(
    title="Hyperbolic Sine",
    inputs="close",
    outputs={"sinh": "ratio"},
    params={},
    warmup=lambda: 0,
    source="definition: (e^x - e^-x) / 2",
    talib="SINH",
    domain=700.0,
)
def sinh(close: F8, out: F8) -> None:
    """Hyperbolic sine.

    close  (n,)  a ratio; nan or infinite makes the row nan
    out    (n,)  a ratio; infinite where |close| is above 710.4
    """
    for i in range(len(close)):
        value = close[i]
        out[i] = sinh_of(value) if finite(value) else math.nan
