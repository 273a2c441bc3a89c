"""Garman-Klass Volatility."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.kernels.volatility import range_and_body, root_of
from hq_core.registry import Param


@composite(
    title="Garman-Klass Volatility",
    inputs="open high low close",
    outputs={"garman_klass": "ratio >= 0, a row"},
    params={
        "period": Param(20, 2, 100_000, "rows in the mean"),
        "annual": Param(1.0, 0.0, 1e9, "rows a year: factor on the variance; 1 leaves it per row"),
    },
    source="Garman and Klass 1980, Journal of Business 53(1)",
)
def garman_klass(on: Nodes, open: Line, high: Line, low: Line, close: Line, period: int, annual: float) -> Line:
    """Volatility from ranges and bodies of the last `period` bars, as a random walk without drift would have them.

    A price that is not positive makes it nan while it is in the window; 0 where bodies outweigh the ranges, which no
    bar with its open and close between low and high can bring about.
    """
    total = on.sum(on.apply(range_and_body, open, high, low, close), period)
    found: Line = on.apply(root_of, total, scale=annual / period)
    return found
