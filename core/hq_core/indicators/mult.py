"""Product of Two Columns."""

from __future__ import annotations

import math

from hq_core.jit import F8
from hq_core.kernels.smooth import finite
from hq_core.registry import indicator


@indicator(
    title="Product of Two Columns",
    inputs="high low",
    outputs={"mult": "product of the inputs' units"},
    params={},
    warmup=lambda: 0,
    source="definition: the first times the second",
    talib="MULT",
)
def mult(high: F8, low: F8, out: F8) -> None:
    """First input times the second.

    high, low  (n,)  any unit; any two columns may be named; a nan or infinite one makes the row nan
    out        (n,)  product of their units; infinite where it is beyond 1.8e308, as TA-Lib
    """
    for i in range(len(high)):
        one = high[i]
        other = low[i]
        found = one * other
        out[i] = found if finite(one) and finite(other) else math.nan
