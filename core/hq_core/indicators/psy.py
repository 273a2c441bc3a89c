"""Psychological Line."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.registry import Param


@kernel()
def rose(change: F8, out: F8) -> None:
    """100 where it is above 0, else 0; nan stays."""
    for i in range(len(change)):
        out[i] = (100.0 if change[i] > 0.0 else 0.0) + 0.0 * change[i]


@composite(
    title="Psychological Line",
    inputs="close",
    outputs={"psy": "0..100"},
    params={"period": Param(12, 1, 100_000, "rows counted")},
    source="definition: share of rising rows; a standard of Japanese charts",
)
def psy(on: Nodes, close: Line, period: int) -> Line:
    """Percentage of the last `period` rows whose close is above the close before."""
    found: Line = on.sma(on.apply(rose, on.mom(close, 1)), period)
    return found
