"""Qstick."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.registry import Param


@composite(
    title="Qstick",
    inputs="open close",
    outputs={"qstick": "unit of the input"},
    params={"period": Param(10, 1, 100_000, "rows in the average")},
    source="Chande and Kroll 1994, The New Technical Trader, ch. 6",
    talib="QSTICK",
)
def qstick(on: Nodes, open: Line, close: Line, period: int) -> Line:
    """Mean body, close less open, of the last `period` rows."""
    found: Line = on.sma(close - open, period)
    return found
