"""Average Day Range."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.registry import Param


@composite(
    title="Average Day Range",
    inputs="high low",
    outputs={"adr": "unit of the input"},
    params={"period": Param(14, 1, 100_000, "rows in the average")},
    source="definition: mean of high - low",
    talib="ADR",
)
def adr(on: Nodes, high: Line, low: Line, period: int) -> Line:
    """Mean range of the last `period` rows; gaps between rows do not count."""
    found: Line = on.sma(high - low, period)
    return found
