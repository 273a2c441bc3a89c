"""Rogers-Satchell Volatility."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.kernels.volatility import root_of, without_drift
from hq_core.registry import Param


@composite(
    title="Rogers-Satchell Volatility",
    inputs="open high low close",
    outputs={"rogers_satchell": "ratio >= 0, a row"},
    params={
        "period": Param(20, 2, 100_000, "rows in the mean"),
        "annual": Param(1.0, 0.0, 1e9, "rows a year: factor on the variance; 1 leaves it per row"),
    },
    source="Rogers and Satchell 1991, Annals of Applied Probability 1(4)",
)
def rogers_satchell(on: Nodes, open: Line, high: Line, low: Line, close: Line, period: int, annual: float) -> Line:
    """Volatility from the last `period` bars, whatever their drift.

    A price that is not positive makes it nan while it is in the window; 0 where the mean is negative, which bars with
    open and close between low and high never have.
    """
    total = on.sum(on.apply(without_drift, open, high, low, close), period)
    found: Line = on.apply(root_of, total, scale=annual / period)
    return found
