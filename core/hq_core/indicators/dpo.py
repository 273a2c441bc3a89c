"""Detrended Price Oscillator."""
from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.registry import Param


@composite(
    title="Detrended Price Oscillator",
    inputs="close",
    outputs={"dpo": "unit of the input"},
    params={"period": Param(20, 2, 100_000, "rows in the average")},
    source="Achelis 2000, Technical Analysis from A to Z, Detrended Price Oscillator",
    talib="DPO",
)
def dpo(on: Nodes, close: Line, period: int) -> Line:
    """Close of half a period and one row before, less the average up to this row: the cycle without the trend."""
    found: Line = on.lag(close, period // 2 + 1) - on.sma(close, period)
    return found
