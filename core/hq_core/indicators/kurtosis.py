"""Kurtosis."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.kernels.shape import shape
from hq_core.registry import Param


@kernel()
def excess(second: F8, fourth: F8, factor: float, normal: float, out: F8) -> None:
    """factor times fourth / second^2, less normal; 0 where second is 0."""
    for i in range(len(second)):
        known = second[i] != 0.0
        under = second[i] if known else 1.0
        heavy = factor * (((fourth[i] if known else 0.0 * fourth[i]) / under) / under)
        out[i] = heavy - (normal if known else 0.0)


@composite(
    title="Kurtosis",
    inputs="close",
    outputs={"kurtosis": "ratio, 0 is as in a normal distribution"},
    params={
        "period": Param(20, 4, 100_000, "rows in the window"),
        "ddof": Param(0, 0, 1, "0 for the population, 1 for the estimate from a sample"),
    },
    source="Joanes and Gill 1998, The Statistician 47(1): g2, and G2 with ddof 1",
)
def kurtosis(on: Nodes, close: Line, period: int, ddof: int) -> Line:
    """Mean fourth power of the distances from the mean over the squared variance, less the normal distribution's 3.

    0 for a constant window. A row that is not finite makes it nan while it is in the window, `period` rows.
    """
    factor, normal = float(period), 3.0
    if ddof:
        rest = (period - 2.0) * (period - 3.0)
        factor, normal = period * (period + 1.0) * (period - 1.0) / rest, 3.0 * (period - 1.0) ** 2 / rest
    second, _, fourth = on.apply(shape, close, outputs=3, ring=4 * period, warmup=period - 1, period=period)
    found: Line = on.apply(excess, second, fourth, factor=factor, normal=normal)
    return found
