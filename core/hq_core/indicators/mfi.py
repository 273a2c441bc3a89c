"""Money Flow Index."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, State, inline, kernel
from hq_core.kernels.sums import sum_two
from hq_core.registry import Param

SAME = 1e-14  # of both prices: means of three ticks that are equal differ by their rounding, TA-Lib knows it too


@inline
def flow(price: float, volume: float, before: float) -> tuple[float, float]:
    """Money traded in a row whose price has risen, and in one whose price has fallen."""
    money = price * volume
    change = price - before
    nothing = change * 0.0 + money * 0.0  # nan where one of them is not finite
    least = SAME * (abs(price) + abs(before))
    return (money if change > least else 0.0) + nothing, (money if change < -least else 0.0) + nothing


@kernel(state="before seen:i8")
def flows(price: F8, volume: F8, s: State, out_up: F8, out_down: F8) -> None:
    """The two flows row by row.  s: before: the last row's price; seen: 1 after it"""
    n = len(price)
    if n > 0:
        out_up[0], out_down[0] = flow(price[0], volume[0], s.before if s.seen > 0 else math.nan)
        s.before = price[n - 1]
        s.seen = 1
    for i in range(1, n):
        out_up[i], out_down[i] = flow(price[i], volume[i], price[i - 1])


@kernel()
def share(up: F8, down: F8, out: F8) -> None:
    """up in percent of both; 0 where both are 0, as TA-Lib."""
    for i in range(len(up)):
        both = up[i] + down[i]
        known = both != 0.0
        out[i] = 100.0 * ((up[i] if known else 0.0) / (both if known else 1.0))


@composite(
    title="Money Flow Index",
    inputs="high low close volume",
    outputs={"mfi": "0..100"},
    params={"period": Param(14, 2, 100_000, "rows in the sums")},
    source="Quong and Soudack 1989, Technical Analysis of Stocks & Commodities 7(3)",
    talib="MFI",
)
def mfi(on: Nodes, high: Line, low: Line, close: Line, volume: Line, period: int) -> Line:
    """Money traded while the typical price rose, in percent of all while it moved, over the last `period` rows."""
    up, down = on.apply(flows, on.typprice(high, low, close), volume, outputs=2, warmup=1)
    sums = on.apply(sum_two, up, down, outputs=2, ring=2 * period, warmup=period - 1, period=period)
    found: Line = on.apply(share, *sums)
    return found
