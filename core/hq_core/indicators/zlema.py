"""Zero-Lag Exponential Moving Average."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.registry import Param


@composite(
    title="Zero-Lag Exponential Moving Average",
    inputs="close",
    outputs={"zlema": "unit of the input"},
    params={"period": Param(30, 1, 100_000, "rows in the EMA; the newest weighs 2 / (period + 1)")},
    source="Ehlers and Way 2010, Technical Analysis of Stocks & Commodities 28(12), Zero Lag (Well, Almost)",
    talib="ZLEMA",
)
def zlema(on: Nodes, close: Line, period: int) -> Line:
    """EMA of each row plus its distance from the row of (period - 1) / 2 rows before."""
    return on.ema(2.0 * close - on.lag(close, (period - 1) // 2), period)
