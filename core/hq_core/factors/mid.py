"""Mid price."""

from __future__ import annotations

from hq_core.factoring import factor
from hq_core.jit import F8


@factor(
    title="Mid Price",
    inputs="mid_px",
    outputs={"mid": "price"},
    params={},
    always=True,
    source="definition: (best bid + best ask) / 2",
    oracle="tests/oracles/slow_factors.py",
)
def mid(mid_px: F8, out: F8) -> None:
    """The mean of the best bid and the best ask, as events have it."""
    for i in range(len(mid_px)):
        out[i] = mid_px[i]
