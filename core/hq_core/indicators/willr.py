"""Williams' %R."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.kernels.extrema import extremes, range_of
from hq_core.kernels.lag import over
from hq_core.registry import Param


@kernel()
def below_top(highest: F8, lowest: F8, close: F8, out: F8) -> None:
    """How far close is below the highest, in percent of the range and negative; 0 without a range, and never beyond
    its ends, as TA-Lib."""
    for i in range(len(close)):
        share = over(highest[i] - close[i], range_of(highest[i], lowest[i]), 0.0)
        within = 1.0 if share > 1.0 else share
        out[i] = -100.0 * within if not within <= 0.0 else 0.0


@composite(
    title="Williams' %R",
    inputs="high low close",
    outputs={"willr": "-100..0"},
    params={"period": Param(14, 2, 100_000, "rows in the range")},
    source="Williams 1973, How I Made One Million Dollars Last Year Trading Commodities",
    talib="WILLR",
)
def willr(on: Nodes, high: Line, low: Line, close: Line, period: int) -> Line:
    """How far below the highest high of the last `period` rows the row closed: 0 at the high, -100 at the low."""
    span = on.apply(extremes, high, low, period=period, ring=2 * period, warmup=period - 1, outputs=2)
    return on.apply(below_top, *span, close)
