"""Volume Weighted Moving Average."""
from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.kernels.sums import sum_two
from hq_core.registry import Param


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
        return close + 0.0 * volume     # nan where volume is not known
    money, traded = on.apply(
        sum_two, close * volume, volume, outputs=2, ring=2 * period, warmup=period - 1, period=period
    )
    found: Line = money / traded
    return found
