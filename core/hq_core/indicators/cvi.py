"""Chaikin's Volatility."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.registry import Param


@composite(
    title="Chaikin's Volatility",
    inputs="high low",
    outputs={"cvi": "ratio in percent"},
    params={
        "period": Param(10, 2, 100_000, "rows in the average of the range"),
        "roc": Param(10, 1, 100_000, "rows back to the average that it is compared with"),
    },
    source="Chaikin; Achelis 2000, Technical Analysis from A to Z, Volatility, Chaikin's",
    talib="CVI",
)
def cvi(on: Nodes, high: Line, low: Line, period: int, roc: int) -> Line:
    """Change of the exponential average of high - low over `roc` rows, in percent; 0 where it was 0, as TA-Lib."""
    found: Line = on.roc(on.ema(high - low, period), roc)
    return found
