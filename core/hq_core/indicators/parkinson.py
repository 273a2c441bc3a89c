"""Parkinson Volatility."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.kernels.volatility import root_of, squared
from hq_core.registry import Param


@composite(
    title="Parkinson Volatility",
    inputs="high low",
    outputs={"parkinson": "ratio >= 0, a row"},
    params={
        "period": Param(20, 2, 100_000, "rows in the mean"),
        "annual": Param(1.0, 0.0, 1e9, "rows a year: factor on the variance; 1 leaves it per row"),
    },
    source="Parkinson 1980, Journal of Business 53(1)",
)
def parkinson(on: Nodes, high: Line, low: Line, period: int, annual: float) -> Line:
    """Volatility from the ranges of the last `period` bars, as a random walk without drift would have them.

    A price that is not positive makes it nan while it is in the window.
    """
    total = on.sum(on.apply(squared, high, low), period)
    found: Line = on.apply(root_of, total, scale=annual / (4.0 * 0.6931471805599453 * period))  # 4 ln 2
    return found
