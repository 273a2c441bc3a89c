"""Aroon Oscillator."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.registry import Param


@composite(
    title="Aroon Oscillator",
    inputs="high low",
    outputs={"aroonosc": "-100..100"},
    params={"period": Param(14, 2, 100_000, "rows that are looked back, besides this one")},
    source="Chande 1995, Technical Analysis of Stocks & Commodities 13(9)",
    talib="AROONOSC",
)
def aroonosc(on: Nodes, high: Line, low: Line, period: int) -> Line:
    """Aroon up less aroon down: above 0 where the highest high is the more recent."""
    down, up = on.aroon(high, low, period)
    return up - down
