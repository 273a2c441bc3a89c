"""Hull Moving Average."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.registry import Param


@composite(
    title="Hull Moving Average",
    inputs="close",
    outputs={"hma": "unit of the input"},
    params={"period": Param(20, 1, 100_000, "rows in the longer of its averages")},
    source="Hull 2005, Reducing Lag",
    talib="HMA",
)
def hma(on: Nodes, close: Line, period: int) -> Line:
    """WMA over the root of `period` rows of twice the WMA of half the rows less the WMA of all."""
    if period == 1:
        return close
    fast = on.wma(close, period // 2)
    return on.wma(2.0 * fast - on.wma(close, period), math.isqrt(period))
