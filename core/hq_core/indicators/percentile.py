"""Moving Percentile."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.kernels.order import quantile_of
from hq_core.registry import Param


@composite(
    title="Moving Percentile",
    inputs="close",
    outputs={"percentile": "unit of the input"},
    params={
        "period": Param(30, 2, 100_000, "rows in the window"),
        "percentile": Param(50.0, 0.0, 100.0, "percent of the rows that are at or below it"),
    },
    source="definition: the smallest value that is at least as large as this share of the last n (nearest rank)",
    talib="PERCENTILE",
)
def percentile(on: Nodes, close: Line, period: int, percentile: float) -> Line:
    """The smallest of the last `period` rows that `percentile` percent of them are not above: always one of them.

    A nan or infinite row makes it nan while it is in the window. `quantile` is the form with interpolation.
    """
    return quantile_of(on, close, period, max(math.ceil(percentile * period / 100.0), 1) - 1, 0.0)
