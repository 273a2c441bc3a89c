"""Skewness."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.kernels.shape import shape
from hq_core.registry import Param


@kernel()
def asymmetry(second: F8, third: F8, factor: float, out: F8) -> None:
    """factor times third / second^1.5; 0 where second is 0."""
    for i in range(len(second)):
        known = second[i] != 0.0
        under = second[i] if known else 1.0
        out[i] = factor * (((third[i] if known else 0.0 * third[i]) / under) / math.sqrt(under))


@composite(
    title="Skewness",
    inputs="close",
    outputs={"skew": "ratio"},
    params={
        "period": Param(20, 3, 100_000, "rows in the window"),
        "ddof": Param(0, 0, 1, "0 for the population, 1 for the estimate from a sample"),
    },
    source="Joanes and Gill 1998, The Statistician 47(1): g1, and G1 with ddof 1",
)
def skew(on: Nodes, close: Line, period: int, ddof: int) -> Line:
    """Mean cube of the distances from the mean over the cube of the standard deviation: above 0 with a long upper tail.

    0 for a constant window. A row that is not finite makes it nan while it is in the window, `period` rows.
    """
    factor = math.sqrt(period * (period * (period - 1))) / (period - 2) if ddof else math.sqrt(period)
    second, third, _ = on.apply(shape, close, outputs=3, ring=4 * period, warmup=period - 1, period=period)
    found: Line = on.apply(asymmetry, second, third, factor=factor)
    return found
