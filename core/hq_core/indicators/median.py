"""Moving Median."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.registry import Param


@composite(
    title="Moving Median",
    inputs="close",
    outputs={"median": "unit of the input"},
    params={"period": Param(30, 2, 100_000, "rows in the window")},
    source="definition: the middle one of the last n values, or the mean of the two in the middle",
)
def median(on: Nodes, close: Line, period: int) -> Line:
    """The middle of the last `period` rows, which a single wild one does not move.

    A nan or infinite row makes it nan while it is in the window.
    """
    return on.quantile(close, period, 0.5)
