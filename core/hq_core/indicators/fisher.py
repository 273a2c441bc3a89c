"""Fisher Transform."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, State, kernel
from hq_core.kernels.maths.log import ln_ratio
from hq_core.kernels.smooth import finite
from hq_core.registry import Param


@kernel(state="place fisher")
def spread_out(price: F8, top: F8, bottom: F8, s: State, out_fisher: F8, out_trigger: F8) -> None:
    """The transform and its value one row before.

    s  place: where the price is between bottom and top, -1 to 1, smoothed; fisher: the last value
    """
    place = s.place
    fisher = s.fisher
    for i in range(len(price)):
        span = top[i] - bottom[i]
        above = price[i] - bottom[i]
        out_fisher[i] = math.nan
        out_trigger[i] = math.nan
        if finite(span) & finite(above):
            at = above / span - 0.5 if span > 0.0 else 0.0
            place = 0.33 * 2.0 * at + 0.67 * place
            if place > 0.99:
                place = 0.999
            if place < -0.99:
                place = -0.999
            out_trigger[i] = fisher
            fisher = 0.5 * ln_ratio(1.0 + place, 1.0 - place) + 0.5 * fisher
            out_fisher[i] = fisher
    s.place = place
    s.fisher = fisher


@composite(
    title="Fisher Transform",
    inputs="high low",
    outputs={"fisher": "ratio", "trigger": "ratio"},
    params={"period": Param(10, 2, 100_000, "rows in the range")},
    source="Ehlers 2002, Technical Analysis of Stocks & Commodities 20(11)",
)
def fisher(on: Nodes, high: Line, low: Line, period: int) -> tuple[Line, ...]:
    """Where the middle of the bar is in the range of the last `period` middles, stretched so that it is nearly normally
    distributed; and the same of one row before, 0 on the first.

    A range of 0 counts as its middle; a row that is not finite makes both nan while it is in the range, and the
    smoothing passes over those rows.
    """
    price = on.medprice(high, low)
    found: tuple[Line, ...] = on.apply(spread_out, price, on.max(price, period), on.min(price, period), outputs=2)
    return found
