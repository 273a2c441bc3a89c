"""Logarithm to Base 10."""

from __future__ import annotations

import math

from hq_core.jit import F8
from hq_core.kernels.maths.log import LEAST, log_parts, to_base_10
from hq_core.kernels.maths.log import log10 as log10_of
from hq_core.registry import indicator


@indicator(
    title="Logarithm to Base 10",
    inputs="close",
    outputs={"log10": "ratio, in powers of 10"},
    params={},
    warmup=lambda: 0,
    source="definition: the power of 10 that is the value",
    talib="LOG10",
)
def log10(close: F8, out: F8) -> None:
    """Logarithm to base 10.

    close  (n,)  any unit; nan, infinite or negative makes the row nan
    out    (n,)  -inf where close is 0, as TA-Lib
    """
    unusual = 0
    for i in range(len(close)):  # as if all rows were normal and positive; then it takes two at once
        value = close[i]
        high, low = log_parts(value, 0.0)
        out[i] = to_base_10(high, low)
        unusual += 0 if (value >= LEAST) & (value < math.inf) else 1
    if unusual > 0:
        for i in range(len(close)):
            value = close[i]
            if not (value >= LEAST) & (value < math.inf):
                out[i] = log10_of(value) if value < math.inf else math.nan
