"""Ichimoku."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.kernels.extrema import midway
from hq_core.kernels.smooth import finite
from hq_core.registry import Param


@kernel()
def lines(
    turning: F8, base: F8, first: F8, second: F8, out_tenkan: F8, out_kijun: F8, out_senkou_a: F8, out_senkou_b: F8
) -> None:
    """The four columns, all nan in a row where one of them is not finite."""
    for i in range(len(turning)):
        known = finite(turning[i] - base[i]) & finite(first[i] - second[i])
        out_tenkan[i] = turning[i] if known else math.nan
        out_kijun[i] = base[i] if known else math.nan
        out_senkou_a[i] = first[i] if known else math.nan
        out_senkou_b[i] = second[i] if known else math.nan


@composite(
    title="Ichimoku",
    inputs="high low",
    outputs={
        "tenkan": "unit of the input",
        "kijun": "unit of the input",
        "senkou_a": "unit of the input",
        "senkou_b": "unit of the input",
    },
    params={
        "tenkan": Param(9, 2, 100_000, "rows of the turning line"),
        "kijun": Param(26, 2, 100_000, "rows of the base line"),
        "senkou": Param(52, 2, 100_000, "rows of the second leading line"),
        "displacement": Param(26, 0, 100_000, "rows by which the cloud is drawn ahead"),
    },
    source="Hosoda 1969, Ichimoku Kinko Hyo",
)
def ichimoku(
    on: Nodes, high: Line, low: Line, tenkan: int, kijun: int, senkou: int, displacement: int
) -> tuple[Line, ...]:
    """Turning and base line, middles of the range of `tenkan` and `kijun` rows, and the two edges of the cloud.

    The cloud is the one that a chart shows at this row, drawn ahead by `displacement` rows: it was known that many rows
    ago, and nothing here looks ahead. The lagging line, chikou, is the close drawn back and needs no column: `mom` of
    that many rows says whether the close is above it.
    """
    turning = on.midprice(high, low, tenkan)
    base = on.midprice(high, low, kijun)
    first = on.lag(on.apply(midway, turning, base), displacement)
    second = on.lag(on.midprice(high, low, senkou), displacement)
    return on.apply(lines, turning, base, first, second, outputs=4)
