"""Rate of change of a triple exponential average."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.registry import Param


@composite(
    title="Rate of Change of a Triple EMA",
    inputs="close",
    outputs={"trix": "ratio in percent, 0 is no change"},
    params={"period": Param(30, 1, 100_000, "rows in each EMA; the newest weighs 2 / (period + 1)")},
    source="Hutson 1983, Technical Analysis of Stocks & Commodities 1(5), Good TRIX",
    talib="TRIX",
)
def trix(on: Nodes, close: Line, period: int) -> Line:
    """One-row change, in percent, of the EMA of the EMA of the EMA; 0 where the average before is 0, as TA-Lib."""
    return on.roc(on.ema(on.ema(on.ema(close, period), period), period), 1)
