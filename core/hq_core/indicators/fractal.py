"""Williams Fractals."""
from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, State, kernel
from hq_core.kernels.extrema import extremes
from hq_core.kernels.smooth import finite
from hq_core.registry import Param


@kernel(state="head:i8 seen:i8")
def exceeding(
    high: F8, low: F8, top: F8, bottom: F8, top_after: F8, bottom_after: F8, back: int,
    s: State, ring: F8, out_high: F8, out_low: F8,
) -> None:
    """100 where the high of `back` rows before is above what surrounds it, or the low below, else 0.

    top, bottom              extremes of the rows before each row and of itself
    top_after, bottom_after  extremes of the last `back` rows
    s     head: slot of the oldest row; seen: rows so far, up to back + 1
    ring  (4 (back + 1),)  high, low, top and bottom of the last back + 1 rows
    """
    head = s.head
    seen = s.seen
    for i in range(len(high)):
        at = head + 1 if head < back else 0         # the row after the oldest: the one in the middle
        above = top_after[i] if top_after[i] > ring[4 * head + 2] else ring[4 * head + 2]
        below = bottom_after[i] if bottom_after[i] < ring[4 * head + 3] else ring[4 * head + 3]
        known = finite(ring[4 * head + 2] + ring[4 * at] + top_after[i]) & (seen > back)
        peak = 100.0 if ring[4 * at] > above else 0.0
        trough = 100.0 if ring[4 * at + 1] < below else 0.0
        out_high[i] = peak if known else math.nan
        out_low[i] = trough if known else math.nan
        whole = finite(high[i] - low[i])
        ring[4 * head] = high[i] if whole else math.nan
        ring[4 * head + 1] = low[i]
        ring[4 * head + 2] = top[i]
        ring[4 * head + 3] = bottom[i]
        head = at
        seen += seen <= back
    s.head = head
    s.seen = seen


@composite(
    title="Williams Fractals",
    inputs="high low",
    outputs={"swinghigh": "0..100, 100 where one is confirmed", "swinglow": "0..100, 100 where one is confirmed"},
    params={
        "leftbars": Param(2, 1, 100_000, "rows before the extreme that it must exceed"),
        "rightbars": Param(2, 1, 100_000, "rows after the extreme that it must exceed"),
    },
    source="Williams 1995, Trading Chaos, ch. 8",
    talib="FRACTAL",
)
def fractal(on: Nodes, high: Line, low: Line, leftbars: int, rightbars: int) -> tuple[Line, ...]:
    """100 where it has become certain that a high lies above, or a low below, all of its neighbours.

    The mark is at the row that confirms the extreme, `rightbars` rows after it, as in TA-Lib, and is never taken
    back. An equal neighbour makes it none. Both are nan while a row that is not finite is among the neighbours.
    """
    before, after = (
        on.apply(extremes, high, low, outputs=2, ring=2 * size, warmup=size - 1, period=size)
        for size in (leftbars, rightbars)
    )
    start = leftbars + rightbars - max(leftbars, rightbars) + 1
    return on.apply(
        exceeding, high, low, *before, *after, outputs=2, ring=4 * (rightbars + 1), warmup=start, back=rightbars
    )
