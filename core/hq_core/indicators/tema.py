"""Triple Exponential Moving Average."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.registry import Param


@kernel()
def ahead(first: F8, second: F8, third: F8, out: F8) -> None:
    """3 first - 3 second + third."""
    for i in range(len(first)):
        out[i] = 3.0 * first[i] - 3.0 * second[i] + third[i]


@composite(
    title="Triple Exponential Moving Average",
    inputs="close",
    outputs={"tema": "unit of the input"},
    params={"period": Param(30, 1, 100_000, "rows in each EMA; the newest weighs 2 / (period + 1)")},
    source="Mulloy 1994, Technical Analysis of Stocks & Commodities 12(1)",
    talib="TEMA",
)
def tema(on: Nodes, close: Line, period: int) -> Line:
    """Three times the EMA less three times the EMA of the EMA, plus the EMA of that."""
    first = on.ema(close, period)
    second = on.ema(first, period)
    return on.apply(ahead, first, second, on.ema(second, period))
