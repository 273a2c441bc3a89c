"""Round Up."""

from __future__ import annotations

import math

from hq_core.jit import F8
from hq_core.kernels.smooth import finite
from hq_core.registry import indicator

WHOLE = 2.0**52  # from here on every float64 is a whole number, and soon none fits an int64


@indicator(
    title="Round Up",
    inputs="close",
    outputs={"ceil": "unit of the input, whole"},
    params={},
    warmup=lambda: 0,
    source="definition: the smallest whole number not below the value",
    talib="CEIL",
)
def ceil(close: F8, out: F8) -> None:
    """Smallest whole number that is not below the input.

    close  (n,)  any unit; nan or infinite makes the row nan
    out    (n,)  unit of close
    """
    for i in range(len(close)):
        value = close[i]
        whole = value
        if abs(value) < WHOLE:
            whole = float(math.ceil(value))
        out[i] = whole if finite(value) else math.nan
