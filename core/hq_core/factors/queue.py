"""Queue imbalance."""

from __future__ import annotations

from hq_core.factoring import factor
from hq_core.jit import F8


@factor(
    title="Queue Imbalance",
    inputs="bid_px ask_px bid_qty ask_qty",
    outputs={"queue": "-1..1"},
    params={},
    always=True,
    source="Gould and Bonart 2016, Queue imbalance as a one-tick-ahead price predictor",
    oracle="tests/oracles/slow_factors.py",
)
def queue(bid_px: F8, ask_px: F8, bid_qty: F8, ask_qty: F8, out: F8) -> None:
    """(bid - ask) / (bid + ask) of the quantities at the best prices."""
    for i in range(len(bid_px)):
        good = 0.0 * (bid_px[i] + ask_px[i])  # nan where the book is not good
        out[i] = (bid_qty[i] - ask_qty[i]) / (bid_qty[i] + ask_qty[i]) + good
