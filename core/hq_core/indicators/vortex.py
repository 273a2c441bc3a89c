"""Vortex Indicator."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, State, inline, kernel
from hq_core.kernels.smooth import true_range
from hq_core.kernels.sums import sum_three
from hq_core.registry import Param


@inline
def way(
    high: float, low: float, close: float, high_before: float, low_before: float, close_before: float
) -> tuple[float, float, float]:
    """|high - low before|, |low - high before| and the true range; nan where one of them all is not finite."""
    unknown = (high - low + close) * 0.0 + (high_before - low_before + close_before) * 0.0
    span = true_range(high, low, close_before)
    return abs(high - low_before) + unknown, abs(low - high_before) + unknown, span + unknown


@kernel(state="high low close seen:i8")
def ways(high: F8, low: F8, close: F8, s: State, out_plus: F8, out_minus: F8, out_span: F8) -> None:
    """The three of each row and the one before.  s: high, low, close: the last row; seen: 1 after it"""
    n = len(high)
    if n > 0:
        out_plus[0], out_minus[0], out_span[0] = way(
            high[0], low[0], close[0], s.high if s.seen > 0 else math.nan, s.low, s.close
        )
        s.high = high[n - 1]
        s.low = low[n - 1]
        s.close = close[n - 1]
        s.seen = 1
    for i in range(1, n):
        out_plus[i], out_minus[i], out_span[i] = way(high[i], low[i], close[i], high[i - 1], low[i - 1], close[i - 1])


@kernel()
def shares(plus: F8, minus: F8, span: F8, out_plus: F8, out_minus: F8) -> None:
    """plus / span and minus / span; 0 where span is 0, as TA-Lib."""
    for i in range(len(span)):
        known = span[i] != 0.0
        under = span[i] if known else 1.0
        out_plus[i] = (plus[i] if known else 0.0) / under
        out_minus[i] = (minus[i] if known else 0.0) / under


@composite(
    title="Vortex Indicator",
    inputs="high low close",
    outputs={"plusvi": "ratio", "minusvi": "ratio"},
    params={"period": Param(14, 1, 100_000, "rows in the sums")},
    source="Botes and Siepman 2010, Technical Analysis of Stocks & Commodities 28(1)",
    talib="VORTEX",
)
def vortex(on: Nodes, high: Line, low: Line, close: Line, period: int) -> tuple[Line, ...]:
    """Ways from the low before to the high and from the high before to the low, in true ranges; 0 where those are 0."""
    moved = on.apply(ways, high, low, close, outputs=3, warmup=1)
    sums = on.apply(sum_three, *moved, outputs=3, ring=3 * period, warmup=period - 1, period=period)
    found: tuple[Line, ...] = on.apply(shares, *sums, outputs=2)
    return found
