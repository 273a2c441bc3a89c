"""Midpoint."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.registry import Param


@composite(
    title="Midpoint",
    inputs="close",
    outputs={"midpoint": "unit of the input"},
    params={"period": Param(14, 2, 100_000, "rows in the window")},
    source="definition: mean of the largest and the smallest value",
    talib="MIDPOINT",
)
def midpoint(on: Nodes, close: Line, period: int) -> Line:
    """Halfway between the highest and the lowest of the last `period` rows."""
    return on.midprice(close, close, period)
