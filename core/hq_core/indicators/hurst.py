"""Hurst Exponent."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.kernels.maths.log import ln
from hq_core.kernels.volatility import squared
from hq_core.registry import Param

LN2 = 0.6931471805599453


@kernel()
def weighed(total: F8, weight: float, out: F8) -> None:
    """weight * ln(total)."""
    for i in range(len(total)):
        out[i] = weight * ln(total[i])


@kernel()
def bounded(slope: F8, shortest: F8, longest: F8, out: F8) -> None:
    """The slope, at least 0 and at most 1; 1/2 where nothing moved; nan where the longest changes are not known."""
    for i in range(len(slope)):
        found = slope[i]
        if shortest[i] == 0.0:
            found = 0.5
        found = found if found > 0.0 else 0.0  # of a cycle too, which does not move over its own length
        found = found if found < 1.0 else 1.0
        out[i] = found + (longest[i] - longest[i]) + (shortest[i] - shortest[i])


@composite(
    title="Hurst Exponent",
    inputs="close",
    outputs={"hurst": "0..1"},
    params={
        "period": Param(100, 16, 100_000, "changes in each mean"),
        "scales": Param(4, 2, 5, "lengths of the changes: 1, 2, 4 ... rows, so many of them"),
    },
    source="Mandelbrot and van Ness 1968, SIAM Review 10(4); Di Matteo 2007, Quantitative Finance 7(1), for q = 2",
)
def hurst(on: Nodes, close: Line, period: int, scales: int) -> Line:
    """How the size of changes grows with their length: 1/2 as in a random walk, more where moves go on, less where they
    come back.

    Half of the least squares slope of the logarithm of the mean squared change of ln close, over the last `period`
    changes of each length, on the logarithm of the length.  A price that is not positive makes it nan while it is in
    the longest window.
    """
    totals = [on.sum(on.apply(squared, close, on.lag(close, 2**k)), period) for k in range(scales)]
    middle = (scales - 1) / 2
    norm = 2.0 * LN2 * sum((k - middle) ** 2 for k in range(scales))
    slope = on.apply(weighed, totals[0], weight=-middle / norm)
    for k in range(1, scales):
        slope = slope + on.apply(weighed, totals[k], weight=(k - middle) / norm)
    found: Line = on.apply(bounded, slope, totals[0], totals[-1])
    return found
