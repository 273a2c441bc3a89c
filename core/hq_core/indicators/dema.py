"""Double Exponential Moving Average."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.registry import Param


@kernel()
def ahead(first: F8, second: F8, out: F8) -> None:
    """2 first - second."""
    for i in range(len(first)):
        out[i] = 2.0 * first[i] - second[i]


@composite(
    title="Double Exponential Moving Average",
    inputs="close",
    outputs={"dema": "unit of the input"},
    params={"period": Param(30, 1, 100_000, "rows in each EMA; the newest weighs 2 / (period + 1)")},
    source="Mulloy 1994, Technical Analysis of Stocks & Commodities 12(1)",
    talib="DEMA",
)
def dema(on: Nodes, close: Line, period: int) -> Line:
    """Twice the EMA less the EMA of the EMA, which takes most of its delay away."""
    first = on.ema(close, period)
    return on.apply(ahead, first, on.ema(first, period))
