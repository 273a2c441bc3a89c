"""Stochastic Momentum Index."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.kernels.extrema import extremes
from hq_core.kernels.lag import over
from hq_core.registry import Param


@kernel()
def off_centre(highest: F8, lowest: F8, close: F8, out_apart: F8, out_span: F8) -> None:
    """How far close is above the middle of the range, and the whole range; nan in both where one of them is nan."""
    for i in range(len(close)):
        apart = close[i] - (highest[i] + lowest[i]) * 0.5
        out_apart[i] = apart if apart - apart == 0.0 else math.nan
        out_span[i] = (highest[i] - lowest[i]) if apart - apart == 0.0 else math.nan


@kernel()
def in_percent(apart: F8, span: F8, out: F8) -> None:
    """apart in percent of half the range; 0 where that is not above 0."""
    for i in range(len(apart)):
        out[i] = 100.0 * over(apart[i], span[i] * 0.5 if span[i] > 0.0 else 0.0, 0.0)


@composite(
    title="Stochastic Momentum Index",
    inputs="high low close",
    outputs={"smi": "-100..100", "signal": "-100..100"},
    params={
        "period": Param(13, 2, 100_000, "rows in the range"),
        "fast": Param(2, 2, 100_000, "rows in the second average"),
        "slow": Param(25, 2, 100_000, "rows in the first average"),
        "signal": Param(9, 2, 100_000, "rows in the signal's average"),
    },
    source="Blau 1993, Technical Analysis of Stocks & Commodities 11(1)",
    talib="SMI",
)
def smi(
    on: Nodes, high: Line, low: Line, close: Line, period: int, fast: int, slow: int, signal: int
) -> tuple[Line, ...]:
    """Distance of close from the middle of its range over half the range, each averaged twice; and its average.

    All averages are exponential. Without a range the index is 0, as TA-Lib. Both begin with the first signal.
    """
    span = on.apply(extremes, high, low, period=period, ring=2 * period, warmup=period - 1, outputs=2)
    apart, range_ = on.apply(off_centre, *span, close, outputs=2)
    index = on.apply(in_percent, on.ema(on.ema(apart, slow), fast), on.ema(on.ema(range_, slow), fast))
    return on.together(index, on.ema(index, signal))
