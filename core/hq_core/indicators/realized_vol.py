"""Realized Volatility."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.kernels.volatility import root_of, squared
from hq_core.registry import Param


@composite(
    title="Realized Volatility",
    inputs="close",
    outputs={"realized_vol": "ratio >= 0, a row"},
    params={
        "period": Param(20, 2, 100_000, "rows in the mean"),
        "annual": Param(1.0, 0.0, 1e9, "rows a year: factor on the variance; 1 leaves it per row"),
    },
    source="Andersen, Bollerslev, Diebold and Labys 2003, Econometrica 71(2)",
)
def realized_vol(on: Nodes, close: Line, period: int, annual: float) -> Line:
    """Root of the mean squared logarithmic return of the last `period` rows; the mean return is taken as 0.

    A price that is not positive makes it nan while it is in the window.
    """
    total = on.sum(on.apply(squared, close, on.lag(close, 1)), period)
    found: Line = on.apply(root_of, total, scale=annual / period)
    return found
