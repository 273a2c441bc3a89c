"""Williams Fractals."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.kernels import ops
from hq_core.kernels.extrema import extremes
from hq_core.kernels.smooth import finite
from hq_core.registry import Param


@kernel()
def exceeding(
    high: F8, low: F8, top: F8, bottom: F8, top_after: F8, bottom_after: F8, out_high: F8, out_low: F8
) -> None:
    """100 where the high is above, or the low below, the extremes before and after it, else 0."""
    for i in range(len(high)):
        above = top_after[i] if top_after[i] > top[i] else top[i]
        below = bottom_after[i] if bottom_after[i] < bottom[i] else bottom[i]
        known = finite(top[i] - bottom[i]) & finite(top_after[i] - bottom_after[i]) & finite(high[i] - low[i])
        scale = 100.0 if known else math.nan
        out_high[i] = scale * (high[i] > above)  # multiplied, not chosen: the machine could not foresee the choice
        out_low[i] = scale * (low[i] < below)


def _extremes(on: Nodes, high: Line, low: Line, size: int) -> tuple[Line, ...]:
    """The highest high and the lowest low of `size` rows; of a few rows by comparing them one by one, which is
    three times as fast as laps of so few."""
    if size > 4:
        return on.apply(extremes, high, low, outputs=2, ring=2 * size, warmup=size - 1, period=size)
    top, bottom = high, low
    for back in range(1, size):
        top = on.apply(ops.max_, top, on.lag(high, back))
        bottom = on.apply(ops.min_, bottom, on.lag(low, back))
    return top, bottom


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
    high, low = on.together(high, low)
    before, after = (_extremes(on, high, low, size) for size in (leftbars, rightbars))
    middle = (on.lag(line, rightbars) for line in (high, low))
    first = (on.lag(line, rightbars + 1) for line in before)
    return on.apply(exceeding, *middle, *first, *after, outputs=2)
