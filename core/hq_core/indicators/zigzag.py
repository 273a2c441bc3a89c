"""Zigzag of confirmed pivots."""

from __future__ import annotations

import math

from hq_core.jit import F8, State
from hq_core.kernels.smooth import finite
from hq_core.registry import Param, indicator


@indicator(
    title="Zigzag of Confirmed Pivots",
    inputs="high low",
    outputs={
        "pivot": "unit of the input",
        "direction": "-1..1, the leg since the pivot",
        "confirmed": "-1..1, -1 a low, 1 a high, where one is confirmed",
    },
    params={"threshold": Param(5.0, 0.0, 1000.0, "percent of a pivot's price by which the price must turn away")},
    state="pivot top bottom direction seen:i8",
    warmup=lambda threshold: 0,
    source="Merrill 1977, Filtered Waves; a pivot counts from the row that confirms it",
    talib=None,
)
def zigzag(high: F8, low: F8, threshold: float, s: State, out_pivot: F8, out_direction: F8, out_confirmed: F8) -> None:
    """Price of the last turn that is certain: one from which the price has since turned away by `threshold` percent.

    high, low      (n,)  price; a row with a nan or infinite one gives nan and is passed over
    s              pivot, direction: the outputs; top, bottom: the extremes since the pivot; seen: 1 after a row
    out_pivot      (n,)  price of the last confirmed extreme; of the first row's middle before there is one
    out_direction  (n,)  1 after a low, -1 after a high, 0 before the first
    out_confirmed  (n,)  1 in the row that confirms a high, -1 in the row that confirms a low, else 0

    Nothing is ever repainted: a high lies before the row that confirms it, and what the price has done since is in
    no earlier row. A row that makes a new extreme confirms nothing, whatever its other end has reached: which came
    first in it is not known.
    """
    pivot = s.pivot
    top = s.top
    bottom = s.bottom
    direction = s.direction
    seen = s.seen
    share = threshold / 100.0
    for i in range(len(high)):
        up = high[i]
        down = low[i]
        if not finite(up - down):
            out_pivot[i] = math.nan
            out_direction[i] = math.nan
            out_confirmed[i] = math.nan
            continue
        rises = (seen == 0) | (up > top)
        falls = (seen == 0) | (down < bottom)
        if seen == 0:
            pivot = (up + down) / 2.0
            seen = 1
        top = up if rises else top
        bottom = down if falls else bottom
        found = 0.0
        if (direction >= 0.0) & (not rises) & (down <= top - share * abs(top)):
            found = 1.0
            pivot = top
        elif (direction <= 0.0) & (not falls) & (up >= bottom + share * abs(bottom)):
            found = -1.0
            pivot = bottom
        if found != 0.0:
            direction = -found
            top = up
            bottom = down
        out_pivot[i] = pivot
        out_direction[i] = direction
        out_confirmed[i] = found
    s.pivot = pivot
    s.top = top
    s.bottom = bottom
    s.direction = direction
    s.seen = seen
