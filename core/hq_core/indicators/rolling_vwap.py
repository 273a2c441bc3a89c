"""Rolling Volume Weighted Average Price."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.registry import Param


@composite(
    title="Rolling Volume Weighted Average Price",
    inputs="high low close volume",
    outputs={"rolling_vwap": "unit of the input"},
    params={"period": Param(20, 1, 100_000, "rows in the average")},
    source="definition: sum of typical price times volume over the sum of volume",
)
def rolling_vwap(on: Nodes, high: Line, low: Line, close: Line, volume: Line, period: int) -> Line:
    """Mean of the typical price of the last `period` rows, weighed by their volumes; nan where those add up to 0."""
    found: Line = on.vwma(on.typprice(high, low, close), volume, period)
    return found
