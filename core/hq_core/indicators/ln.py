"""Natural Logarithm."""
from __future__ import annotations

import math

from hq_core.jit import F8
from hq_core.kernels.maths.log import ln as ln_of
from hq_core.kernels.smooth import finite
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
    for i in range(len(close)):
        value = close[i]
        out[i] = ln_of(value) if finite(value) else math.nan
