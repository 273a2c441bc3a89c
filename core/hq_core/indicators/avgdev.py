"""Average Deviation."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.kernels.deviation import deviation_of
from hq_core.registry import Param


@composite(
    title="Average Deviation",
    inputs="close",
    outputs={"avgdev": "unit of the input, >= 0"},
    params={"period": Param(14, 2, 100_000, "rows in the window")},
    source="definition: mean distance from the mean",
    talib="AVGDEV",
)
def avgdev(on: Nodes, close: Line, period: int) -> Line:
    """How far the last `period` rows are from their mean, on average.

    A nan or infinite row makes it nan while it is in the window.
    """
    return deviation_of(on, close, period)[1]
