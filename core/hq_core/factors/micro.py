"""Micro price."""

from __future__ import annotations

from hq_core.factoring import factor
from hq_core.jit import F8


@factor(
    title="Micro Price",
    inputs="bid_px ask_px bid_qty ask_qty",
    outputs={"micro": "price"},
    params={},
    always=True,
    source="Gatheral and Oomen 2010, Zero-intelligence realized variance estimation: the weighted mid",
    oracle="tests/oracles/slow_factors.py",
)
def micro(bid_px: F8, ask_px: F8, bid_qty: F8, ask_qty: F8, out: F8) -> None:
    """The best prices weighted by the quantities of the other side: near the ask where the bid is the heavier one."""
    for i in range(len(bid_px)):
        out[i] = (bid_px[i] * ask_qty[i] + ask_px[i] * bid_qty[i]) / (bid_qty[i] + ask_qty[i])
