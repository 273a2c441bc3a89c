"""Quoted spread."""

from __future__ import annotations

from hq_core.factoring import factor
from hq_core.jit import F8


@factor(
    title="Quoted Spread",
    inputs="bid_px ask_px mid_px",
    outputs={"spread": "price", "bps": "bps of the mid"},
    params={},
    source="definition: best ask - best bid",
    oracle="tests/oracles/slow_factors.py",
)
def spread(bid_px: F8, ask_px: F8, mid_px: F8, out: F8, bps: F8) -> None:
    """The distance between the best prices, as a price and in hundredths of a percent of the mid."""
    for i in range(len(bid_px)):
        apart = ask_px[i] - bid_px[i]
        out[i] = apart
        bps[i] = 1e4 * (apart / mid_px[i])
