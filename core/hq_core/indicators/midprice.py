"""Midpoint Price."""
from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.kernels.extrema import extremes
from hq_core.registry import Param


@kernel()
def midway(upper: F8, lower: F8, out: F8) -> None:
    """The mean of the two."""
    for i in range(len(upper)):
        out[i] = (upper[i] + lower[i]) * 0.5


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
