"""Elder Ray Index."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.kernels.smooth import finite
from hq_core.registry import Param


@kernel()
def powers(high: F8, low: F8, middle: F8, out_bull: F8, out_bear: F8) -> None:
    """How far a bar reaches above and below the average; both nan where one of the three is not finite."""
    for i in range(len(high)):
        at = middle[i] if finite(high[i] - low[i] + middle[i]) else math.nan
        out_bull[i] = high[i] - at
        out_bear[i] = low[i] - at


@composite(
    title="Elder Ray Index",
    inputs="high low close",
    outputs={"bullpower": "unit of the input", "bearpower": "unit of the input"},
    params={"period": Param(13, 1, 100_000, "rows in the EMA")},
    source="Elder 1993, Trading for a Living, ch. 8",
    talib="ERI",
)
def eri(on: Nodes, high: Line, low: Line, close: Line, period: int) -> tuple[Line, ...]:
    """Distance of each bar's high, and of its low, from the EMA of the close."""
    return on.apply(powers, high, low, on.ema(close, period), outputs=2)
