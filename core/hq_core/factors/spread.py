"""Quoted spread."""

from __future__ import annotations

import math

from hq_core.factoring import factor
from hq_core.jit import F8, I8


@factor(
    title="Quoted Spread",
    inputs="bid ask mid_px",
    outputs={"spread": "price", "bps": "bps of the mid"},
    params={},
    steps=True,
    always=True,
    source="definition: best ask - best bid",
    oracle="tests/oracles/slow_factors.py",
)
def spread(bid: I8, ask: I8, mid_px: F8, over: float, under: float, out: F8, bps: F8) -> None:
    """The distance between the best prices, as a price and in hundredths of a percent of the mid."""
    for i in range(len(bid)):
        apart = (ask[i] - bid[i]) * over / under if mid_px[i] == mid_px[i] else math.nan
        out[i] = apart
        bps[i] = 1e4 * (apart / mid_px[i])
