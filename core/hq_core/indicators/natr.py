"""Normalized Average True Range."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.registry import Param


@kernel()
def percent(mean: F8, close: F8, out: F8) -> None:
    """mean in percent of close; 0 where close is 0."""
    for i in range(len(close)):
        known = close[i] != 0.0
        out[i] = ((mean[i] if known else 0.0 * mean[i]) / (close[i] if known else 1.0)) * 100.0


@composite(
    title="Normalized Average True Range",
    inputs="high low close",
    outputs={"natr": "percent of close"},
    params={"period": Param(14, 1, 100_000, "rows in Wilder's average")},
    source="Forman 2006, Technical Analysis of Stocks & Commodities 24(5)",
    talib="NATR",
)
def natr(on: Nodes, high: Line, low: Line, close: Line, period: int) -> Line:
    """Wilder's average of the true range as a percentage of the close.

    A row with a nan or infinite price gives nan and is passed over. 0 where the close is 0; with a period of 1 the true
    range itself, unit of price: both as TA-Lib.
    """
    mean: Line = on.atr(high, low, close, period)
    found: Line = on.apply(percent, mean, close) if period > 1 else mean
    return found
