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
    n = len(close)
    i = 0
    while i < n:
        while i < n:
            if not finite(close[i]):
                break           # out of the sum, where a choice would cost half of the time
            total += close[i]
            out[i] = total
            i += 1
        if i < n:
            out[i] = math.nan
            i += 1
    s.total = total
