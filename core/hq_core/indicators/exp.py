"""Exponential."""

from __future__ import annotations

import math

from hq_core.jit import F8
from hq_core.kernels.maths.exp import NEAR, near
from hq_core.kernels.maths.exp import exp as exp_of
from hq_core.kernels.smooth import finite
from hq_core.registry import indicator


@indicator(
    title="Exponential",
    inputs="close",
    outputs={"exp": "ratio >= 0"},
    params={},
    warmup=lambda: 0,
    source="definition: e^x",
    talib="EXP",
    domain=700.0,
)
def exp(close: F8, out: F8) -> None:
    """e to the power of the input.

    close  (n,)  a ratio; nan or infinite makes the row nan
    out    (n,)  a ratio, never negative; infinite where close is above 709.7
    """
    far = 0
    for i in range(len(close)):  # as if no row were far from 0; then it takes two at once
        value = close[i]
        out[i] = near(value)
        far += 0 if abs(value) < NEAR else 1
    if far > 0:
        for i in range(len(close)):
            value = close[i]
            if not abs(value) < NEAR:
                out[i] = exp_of(value) if finite(value) else math.nan
