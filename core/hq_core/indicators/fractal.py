"""Williams Fractals."""
from __future__ import annotations

import math

from hq_core.jit import F8, State, inline
from hq_core.kernels.smooth import finite
from hq_core.registry import Param, indicator


@inline
def enter(value: float, row: int, ring: F8, start: int, size: int, first: int, held: int) -> tuple[int, int]:
    """Put a row behind the values of the window that are not below it, in place of those that are; first, held.

    ring   from `start` on: pairs of value and row, `held` of them from slot `first` on and around the end
    size   rows in the window, and pairs in the ring
    """
    if held > 0 and ring[start + 2 * first + 1] <= row - size:      # no more than one leaves with each row
        first = first + 1 if first + 1 < size else 0
        held -= 1
    while held > 0:
        at = first + held - 1
        at = at if at < size else at - size
        if ring[start + 2 * at] >= value:
            break
        held -= 1
    at = first + held
    at = at if at < size else at - size
    ring[start + 2 * at] = value
    ring[start + 2 * at + 1] = row
    return first, held + 1


@inline
def alone(centre: int, ring: F8, start: int, size: int, first: int, held: int) -> float:
    """100 if the window's largest value is that of row `centre` and of no other, else 0."""
    after = first + 1 if first + 1 < size else 0
    single = held == 1 or ring[start + 2 * after] < ring[start + 2 * first]
    return 100.0 if single and ring[start + 2 * first + 1] == centre else 0.0


@indicator(
    title="Williams Fractals",
    inputs="high low",
    outputs={"swinghigh": "0..100, 100 where one is confirmed", "swinglow": "0..100, 100 where one is confirmed"},
    params={
        "leftbars": Param(2, 1, 100_000, "rows before the extreme that it must exceed"),
        "rightbars": Param(2, 1, 100_000, "rows after the extreme that it must exceed"),
    },
    state="top:i8 tops:i8 bottom:i8 bottoms:i8 seen:i8",
    ring=lambda leftbars, rightbars: 4 * (leftbars + rightbars + 1),
    warmup=lambda leftbars, rightbars: leftbars + rightbars,
    source="Williams 1995, Trading Chaos, ch. 8",
    talib="FRACTAL",
)
def fractal(
    high: F8, low: F8, leftbars: int, rightbars: int, s: State, ring: F8, out_swinghigh: F8, out_swinglow: F8
) -> None:
    """100 where it has become certain that a high lies above, or a low below, all of its neighbours.

    high, low  (n,)  price; a nan or infinite one gives nan, and no extreme is looked for across it
    s      top, bottom: where the two queues begin; tops, bottoms: what they hold; seen: whole rows in a row
    ring   the queue of the highs, then that of the lows with their signs changed, as `enter` says
    out_*  (n,)  0 or 100; nan for leftbars + rightbars rows, at the start and after a row that is not whole

    The mark is at the row that confirms the extreme, `rightbars` rows after it, as in TA-Lib, and is never taken
    back. An equal neighbour makes it none.
    """
    top = s.top
    tops = s.tops
    bottom = s.bottom
    bottoms = s.bottoms
    seen = s.seen
    size = leftbars + rightbars + 1
    half = 2 * size
    for i in range(len(high)):
        if not finite(high[i] - low[i]):
            seen = 0
            tops = 0
            bottoms = 0
            out_swinghigh[i] = math.nan
            out_swinglow[i] = math.nan
            continue
        top, tops = enter(high[i], seen, ring, 0, size, top, tops)
        bottom, bottoms = enter(-low[i], seen, ring, half, size, bottom, bottoms)
        known = seen >= size - 1
        out_swinghigh[i] = alone(seen - rightbars, ring, 0, size, top, tops) if known else math.nan
        out_swinglow[i] = alone(seen - rightbars, ring, half, size, bottom, bottoms) if known else math.nan
        seen += 1
    s.top = top
    s.tops = tops
    s.bottom = bottom
    s.bottoms = bottoms
    s.seen = seen
