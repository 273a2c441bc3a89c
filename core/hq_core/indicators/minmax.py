"""Moving Minimum and Maximum."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.kernels.extrema import extremes
from hq_core.registry import Param


@composite(
    title="Moving Minimum and Maximum",
    inputs="close",
    outputs={"min": "unit of the input", "max": "unit of the input"},
    params={"period": Param(30, 2, 100_000, "rows in the window")},
    source="definition: the smallest and the largest of the last n values",
    talib="MINMAX",
)
def minmax(on: Nodes, close: Line, period: int) -> tuple[Line, ...]:
    """The lowest and the highest of the last `period` rows."""
    top, bottom = on.apply(extremes, close, close, period=period, ring=2 * period, warmup=period - 1, outputs=2)
    return bottom, top
