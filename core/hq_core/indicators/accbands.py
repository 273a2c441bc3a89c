"""Acceleration Bands."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.registry import Param


@kernel()
def widen(high: F8, low: F8, out_above: F8, out_below: F8) -> None:
    """high (1 + w) and low (1 - w), w = 4 (high - low) / (high + low), which is 0 where high + low is, as TA-Lib."""
    for i in range(len(high)):
        both = high[i] + low[i]
        factor = 4.0 * (high[i] - low[i]) / both if both != 0.0 else 0.0
        out_above[i] = high[i] * (1.0 + factor)
        out_below[i] = low[i] * (1.0 - factor)


@composite(
    title="Acceleration Bands",
    inputs="high low close",
    outputs={"upper": "unit of the input", "middle": "unit of the input", "lower": "unit of the input"},
    params={"period": Param(20, 2, 100_000, "rows in the averages")},
    source="Headley 2002, Big Trends in Trading, ch. 6",
    talib="ACCBANDS",
)
def accbands(on: Nodes, high: Line, low: Line, close: Line, period: int) -> tuple[Line, ...]:
    """Plain averages of close, and of the highs and lows moved out by four times the range over high + low."""
    above, below = on.apply(widen, high, low, outputs=2)
    return on.together(on.sma(above, period), on.sma(close, period), on.sma(below, period))
