"""Cumulative Sum."""

from __future__ import annotations

import math

from hq_core.jit import F8, State
from hq_core.kernels.smooth import finite
from hq_core.registry import indicator


@indicator(
    title="Cumulative Sum",
    inputs="close",
    outputs={"cumsum": "unit of the input"},
    params={},
    state="total",
    warmup=lambda: 0,
    source="definition: sum of all values so far",
    talib="CUMSUM",
)
def cumsum(close: F8, s: State, out: F8) -> None:
    """Sum of every row so far.

    close  (n,)  any unit; a nan or infinite row gives nan and is passed over
    s      total: the sum
    out    (n,)  unit of close
    """
    total = s.total
    for i in range(len(close)):
        known = finite(close[i])
        total += close[i] if known else -0.0  # which leaves any sum as it is, a zero's sign included
        out[i] = total if known else math.nan
    s.total = total
