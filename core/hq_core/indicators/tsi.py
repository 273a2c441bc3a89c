"""True Strength Index."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.kernels import ops
from hq_core.kernels.lag import percent
from hq_core.registry import Param


@composite(
    title="True Strength Index",
    inputs="close",
    outputs={"tsi": "-100..100"},
    params={
        "first": Param(25, 2, 100_000, "rows in the first EMA, that of the changes"),
        "second": Param(13, 2, 100_000, "rows in the second EMA, that of the first"),
    },
    source="Blau 1991, Technical Analysis of Stocks & Commodities 9(11)",
    talib="TSI",
)
def tsi(on: Nodes, close: Line, first: int, second: int) -> Line:
    """Twice smoothed change of price in percent of its twice smoothed size; 0 when nothing has moved, as TA-Lib."""
    change = on.mom(close, 1)
    size = on.apply(ops.abs_, change)
    return on.apply(percent, on.ema(on.ema(change, first), second), on.ema(on.ema(size, first), second))
