"""Pearson's Correlation Coefficient."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.kernels.fit import co_moments
from hq_core.registry import Param


@kernel()
def share(xx: F8, xy: F8, yy: F8, out: F8) -> None:
    """xy over the root of xx yy; 0 where that product is 0: a column that stands still, or one below 1e-81."""
    for i in range(len(xx)):
        square = xx[i] * yy[i]
        found = xy[i] / math.sqrt(square) if square != 0.0 else 0.0
        found = 1.0 if found > 1.0 else found
        out[i] = -1.0 if found < -1.0 else found


@composite(
    title="Pearson's Correlation Coefficient",
    inputs="high low",
    outputs={"correl": "-1..1"},
    params={"period": Param(30, 1, 100_000, "rows in the window")},
    source="Pearson 1896, Philosophical Transactions A 187",
    talib="CORREL",
)
def correl(on: Nodes, high: Line, low: Line, period: int) -> Line:
    """How well the last `period` rows of two columns lie on a line: 1 on one that rises, -1 on one that falls.

    0 where a column is constant, and where it is larger than 1e77 or smaller than 1e-81, as TA-Lib.
    """
    found: Line = on.apply(
        share, *on.apply(co_moments, high, low, outputs=3, ring=5 * period, warmup=period - 1, period=period)
    )
    return found
