"""Natural Logarithm."""

from __future__ import annotations

import math

from hq_core.jit import F8
from hq_core.kernels.maths.log import LEAST, log_parts
from hq_core.kernels.maths.log import ln as ln_of
from hq_core.registry import indicator


@indicator(
    title="Natural Logarithm",
    inputs="close",
    outputs={"ln": "ratio, in powers of e"},
    params={},
    warmup=lambda: 0,
    source="definition: the power of e that is the value",
    talib="LN",
)
def ln(close: F8, out: F8) -> None:
    """Logarithm to base e.

    close  (n,)  any unit; nan, infinite or negative makes the row nan
    out    (n,)  -inf where close is 0, as TA-Lib
    """
    unusual = 0
    for i in range(len(close)):  # as if all rows were normal and positive; then it takes two at once
        value = close[i]
        high, low = log_parts(value, 0.0)
        out[i] = high + low
        unusual += 0 if (value >= LEAST) & (value < math.inf) else 1
    if unusual > 0:
        for i in range(len(close)):
            value = close[i]
            if not (value >= LEAST) & (value < math.inf):
                out[i] = ln_of(value) if value < math.inf else math.nan
