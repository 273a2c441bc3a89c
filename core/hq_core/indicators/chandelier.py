"""Chandelier Exit."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.kernels.smooth import finite
from hq_core.registry import Param


@kernel()
def hang(top: F8, bottom: F8, span: F8, multiplier: float, out_long: F8, out_short: F8) -> None:
    """top less, and bottom plus, so many ranges; both nan where one of the three is not known."""
    for i in range(len(top)):
        apart = multiplier * span[i] if finite(top[i] - bottom[i] + span[i]) else math.nan
        out_long[i] = top[i] - apart
        out_short[i] = bottom[i] + apart


@composite(
    title="Chandelier Exit",
    inputs="high low close",
    outputs={"long": "unit of the input", "short": "unit of the input"},
    params={
        "period": Param(22, 2, 100_000, "rows in the extremes and in the average true range"),
        "multiplier": Param(3.0, 0.0, 1000.0, "true ranges from the extreme to the stop"),
    },
    source="LeBeau; Elder 2002, Come Into My Trading Room, ch. 7",
)
def chandelier(on: Nodes, high: Line, low: Line, close: Line, period: int, multiplier: float) -> tuple[Line, ...]:
    """Stops that hang from the highest high, and stand on the lowest low, at a distance of average true ranges."""
    span = on.atr(high, low, close, period)
    return on.apply(hang, on.max(high, period), on.min(low, period), span, outputs=2, multiplier=multiplier)
