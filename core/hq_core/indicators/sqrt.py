"""Square Root."""

from __future__ import annotations

import math

from hq_core.jit import F8
from hq_core.kernels.smooth import finite
from hq_core.registry import indicator


@indicator(
    title="Square Root",
    inputs="close",
    outputs={"sqrt": "root of the input's unit, >= 0"},
    params={},
    warmup=lambda: 0,
    source="definition: the number whose square is the value",
    talib="SQRT",
)
def sqrt(close: F8, out: F8) -> None:
    """Square root.

    close  (n,)  any unit; nan, infinite or negative makes the row nan
    out    (n,)  root of the unit of close, never negative
    """
    for i in range(len(close)):
        value = close[i]
        out[i] = math.sqrt(value) if (value >= 0.0) & finite(value) else math.nan
