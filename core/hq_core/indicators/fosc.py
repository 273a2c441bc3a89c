"""Forecast Oscillator."""
from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.registry import Param


@kernel()
def miss(close: F8, forecast: F8, out: F8) -> None:
    """How far close has come out above its forecast, in percent of it; 0 where close is 0, as TA-Lib."""
    for i in range(len(close)):
        known = close[i] != 0.0
        out[i] = 100.0 * (((close[i] if known else forecast[i]) - forecast[i]) / (close[i] if known else 1.0))


@composite(
    title="Forecast Oscillator",
    inputs="close",
    outputs={"fosc": "ratio in percent of close"},
    params={"period": Param(5, 2, 100_000, "rows in the line that forecasts")},
    source="Chande and Kroll 1994, The New Technical Trader, ch. 2",
    talib="FOSC",
)
def fosc(on: Nodes, close: Line, period: int) -> Line:
    """Close less what the line through the `period` rows before it had forecast, in percent of close."""
    found: Line = on.apply(miss, close, on.lag(on.tsf(close, period), 1))
    return found
