"""Variable Index Dynamic Average."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, State, kernel
from hq_core.kernels.lag import over
from hq_core.kernels.smooth import finite
from hq_core.registry import Param


@kernel()
def size(index: F8, out: F8) -> None:
    """|index| from percent to a share."""
    for i in range(len(index)):
        out[i] = abs(index[i]) / 100.0


@kernel()
def spread(short: F8, long: F8, out: F8) -> None:
    """short / long; 0 where long is 0."""
    for i in range(len(short)):
        out[i] = over(short[i], long[i], 0.0)


@kernel(state="mean seen:i8")
def follow(close: F8, index: F8, weight: float, s: State, out: F8) -> None:
    """The average that starts at the close before the first known index and moves by weight * index, at most 1.

    s  mean: the average, or the last finite close before it starts; seen: 1 once it has
    """
    mean = s.mean
    seen = s.seen
    for i in range(len(close)):
        value = close[i]
        share = weight * index[i]
        out[i] = math.nan
        if finite(value) & finite(share):
            mean += min(share, 1.0) * (value - mean)
            seen = 1
            out[i] = mean
        elif finite(value) & (seen == 0):
            mean = value
    s.mean = mean
    s.seen = seen


@composite(
    title="Variable Index Dynamic Average",
    inputs="close",
    outputs={"vidya": "unit of the input"},
    params={
        "period": Param(12, 1, 100_000, "rows; the newest weighs 2 / (period + 1) of the index"),
        "length": Param(9, 2, 100_000, "moves in the index, or rows in the short deviation"),
        "index": Param("cmo", choices=("cmo", "stddev"), help="what speeds it up: momentum, or a short deviation"),
        "long": Param(30, 2, 100_000, "stddev: rows in the long deviation that the short one is a share of"),
    },
    source="Chande 1992, Technical Analysis of Stocks & Commodities 10(3); with momentum: Chande and Kroll 1994",
)
def vidya(on: Nodes, close: Line, period: int, length: int, index: str, long: int) -> Line:
    """EMA whose weight is scaled by how much the market moves, in one direction (cmo) or at all (stddev).

    It starts at the close before the first row with an index. A row of nan is passed over; the average stays where
    it is while the index is not known. It never moves by more than the whole distance, as Chande's could by
    deviations; where nothing moves it stays.
    """
    if index == "cmo":
        moving = on.apply(size, on.cmou(close, length))
    else:
        moving = on.apply(spread, on.stddev(close, length), on.stddev(close, long))
    found: Line = on.apply(follow, close, moving, weight=2.0 / (period + 1))
    return found
