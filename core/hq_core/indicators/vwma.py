"""Volume Weighted Moving Average."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.kernels.smooth import finite
from hq_core.kernels.sums import sum_two
from hq_core.registry import Param


@kernel()
def with_volume(close: F8, volume: F8, out: F8) -> None:
    """close; nan where volume is not finite."""
    for i in range(len(close)):
        out[i] = close[i] if finite(volume[i]) else math.nan


@composite(
    title="Volume Weighted Moving Average",
    inputs="close volume",
    outputs={"vwma": "unit of the input"},
    params={"period": Param(30, 1, 100_000, "rows in the average")},
    source="definition: sum of price times volume over the sum of volume",
    talib="VWMA",
)
def vwma(on: Nodes, close: Line, volume: Line, period: int) -> Line:
    """Mean of close over the last `period` rows, weighed by their volumes; nan where those add up to 0, as TA-Lib.

    Over one row it is that row, with or without volume, as TA-Lib.
    """
    if period == 1:
        alone: Line = on.apply(with_volume, close, volume)
        return alone
    money, traded = on.apply(
        sum_two, close * volume, volume, outputs=2, ring=2 * period, warmup=period - 1, period=period
    )
    found: Line = money / traded
    return found
