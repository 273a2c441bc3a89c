"""Hyperbolic Cosine."""

from __future__ import annotations

import math

from hq_core.jit import F8
from hq_core.kernels.maths.exp import NEAR
from hq_core.kernels.maths.hyperbolic import cosh as cosh_of
from hq_core.kernels.maths.hyperbolic import half_sum
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
    far = 0
    for i in range(len(close)):  # as if no row were far from 0; then it takes two at once
        size = abs(close[i])
        out[i] = half_sum(size, 1.0)
        far += 0 if size < NEAR else 1
    if far > 0:
        for i in range(len(close)):
            value = close[i]
            if not abs(value) < NEAR:
                out[i] = cosh_of(value) if finite(value) else math.nan
