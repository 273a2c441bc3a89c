"""Moving Quantile."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.kernels.order import quantile_of
from hq_core.registry import Param


@composite(
    title="Moving Quantile",
    inputs="close",
    outputs={"quantile": "unit of the input"},
    params={
        "period": Param(30, 2, 100_000, "rows in the window"),
        "share": Param(0.5, 0.0, 1.0, "share of the rows that are below it"),
    },
    source="Hyndman and Fan 1996, The American Statistician 50(4), definition 7",
)
def quantile(on: Nodes, close: Line, period: int, share: float) -> Line:
    """The value that a `share` of the last `period` rows are below, between two rows in proportion.

    A nan or infinite row makes it nan while it is in the window. `percentile` is the form that is always a row.
    """
    place = share * (period - 1)
    k = math.floor(place)
    return quantile_of(on, close, period, k, place - k)
