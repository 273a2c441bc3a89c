"""Hyperbolic Cosine."""
from __future__ import annotations

import math

from hq_core.jit import F8
from hq_core.kernels.maths.hyperbolic import cosh as cosh_of
from hq_core.kernels.smooth import finite
from hq_core.registry import indicator


@indicator(
    title="Hyperbolic Cosine",
    inputs="close",
    outputs={"cosh": "ratio >= 1"},
    params={},
    warmup=lambda: 0,
    source="definition: (e^x + e^-x) / 2",
    talib="COSH",
    domain=700.0,
)
def cosh(close: F8, out: F8) -> None:
    """Hyperbolic cosine.

    close  (n,)  a ratio; nan or infinite makes the row nan
    out    (n,)  a ratio, 1 or more; infinite where |close| is above 710.4
    """
    for i in range(len(close)):
        value = close[i]
        out[i] = cosh_of(value) if finite(value) else math.nan
