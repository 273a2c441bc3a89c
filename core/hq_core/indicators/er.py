"""Kaufman's Efficiency Ratio."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.kernels import ops
from hq_core.registry import Param


@kernel()
def straightness(change: F8, path: F8, out: F8) -> None:
    """|change| / path, at most 1; 1 where nothing has moved, as TA-Lib."""
    for i in range(len(change)):
        apart = abs(change[i])
        straight = path[i] <= apart
        out[i] = (apart if not straight else 1.0) / (path[i] if not straight else 1.0)


@composite(
    title="Kaufman's Efficiency Ratio",
    inputs="close",
    outputs={"er": "ratio 0..1"},
    params={"period": Param(10, 2, 100_000, "rows of the path")},
    source="Kaufman 1995, Smarter Trading, ch. 8",
    talib="ER",
)
def er(on: Nodes, close: Line, period: int) -> Line:
    """How far close has come in `period` rows over the length of its way there."""
    path = on.sum(on.apply(ops.abs_, on.mom(close, 1)), period)
    return on.apply(straightness, on.mom(close, period), path)
