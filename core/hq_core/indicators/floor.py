"""Round Down."""

from __future__ import annotations

import math

from hq_core.jit import F8
from hq_core.kernels.smooth import finite
from hq_core.registry import indicator

WHOLE = 2.0**52  # from here on every float64 is a whole number, and soon none fits an int64


@indicator(
    title="Round Down",
    inputs="close",
    outputs={"floor": "unit of the input, whole"},
    params={},
    warmup=lambda: 0,
    source="definition: the largest whole number not above the value",
    talib="FLOOR",
)
def floor(close: F8, out: F8) -> None:
    """Largest whole number that is not above the input.

    close  (n,)  any unit; nan or infinite makes the row nan
    out    (n,)  unit of close
    """
    for i in range(len(close)):
        value = close[i]
        whole = value
        if abs(value) < WHOLE:
            whole = float(math.floor(value))
        out[i] = whole if finite(value) else math.nan
