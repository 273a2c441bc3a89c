"""Forecast Oscillator."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, State, inline, kernel
from hq_core.registry import Param


@inline
def miss(close: float, forecast: float) -> float:
    """How far close has come out above its forecast, in percent of it; 0 where close is 0, as TA-Lib."""
    known = close != 0.0
    return 100.0 * ((close - forecast if known else 0.0 * forecast) / (close if known else 1.0))


@kernel(state="forecast seen:i8")
def misses(close: F8, forecast: F8, s: State, out: F8) -> None:
    """Of each row, from the forecast of the row before.  s: forecast: the last one; seen: 1 after it"""
    n = len(close)
    if n > 0:
        out[0] = miss(close[0], s.forecast if s.seen > 0 else math.nan)
        s.forecast = forecast[n - 1]
        s.seen = 1
    for i in range(1, n):
        out[i] = miss(close[i], forecast[i - 1])


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
    found: Line = on.apply(misses, close, on.tsf(close, period), warmup=1)
    return found
