"""Covariance."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.kernels.fit import co_moments
from hq_core.registry import Param


@composite(
    title="Covariance",
    inputs="high low",
    outputs={"covariance": "unit of the input squared"},
    params={
        "period": Param(20, 2, 100_000, "rows in the window"),
        "ddof": Param(0, 0, 1, "0 divides by n (population), 1 by n - 1 (sample)"),
    },
    source="definition: mean product of the distances from the means",
)
def covariance(on: Nodes, high: Line, low: Line, period: int, ddof: int) -> Line:
    """Mean product of the distances of two columns from their means, over the last `period` rows.

    A row that is not finite makes it nan while it is in the window, `period` rows.
    """
    common: Line = on.apply(co_moments, high, low, outputs=3, ring=5 * period, warmup=period - 1, period=period)[1]
    return common / (period - ddof)
