"""Midpoint Price."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.kernels.extrema import extremes, midway
from hq_core.registry import Param


@composite(
    title="Midpoint Price",
    inputs="high low",
    outputs={"midprice": "unit of the input"},
    params={"period": Param(14, 2, 100_000, "rows in the window")},
    source="definition: mean of the highest high and the lowest low",
    talib="MIDPRICE",
)
def midprice(on: Nodes, high: Line, low: Line, period: int) -> Line:
    """Halfway between the highest high and the lowest low of the last `period` rows."""
    span = on.apply(extremes, high, low, period=period, ring=2 * period, warmup=period - 1, outputs=2)
    return on.apply(midway, *span)
