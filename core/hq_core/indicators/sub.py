"""Difference of Two Columns."""

from __future__ import annotations

import math

from hq_core.jit import F8
from hq_core.kernels.smooth import finite
from hq_core.registry import indicator


@indicator(
    title="Difference of Two Columns",
    inputs="high low",
    outputs={"sub": "unit of the input"},
    params={},
    warmup=lambda: 0,
    source="definition: the first minus the second",
    talib="SUB",
)
def sub(high: F8, low: F8, out: F8) -> None:
    """First input minus the second.

    high, low  (n,)  any unit; any two columns may be named; a nan or infinite one makes the row nan
    out        (n,)  their unit
    """
    for i in range(len(high)):
        one = high[i]
        other = low[i]
        found = one - other
        out[i] = found if finite(found) else math.nan
