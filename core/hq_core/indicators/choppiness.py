"""Choppiness Index."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.kernels.maths.log import ln, ln_ratio
from hq_core.registry import Param


@kernel()
def chopped(path: F8, top: F8, bottom: F8, period: int, out: F8) -> None:
    """100 ln(path / range) / ln(period); 100 where the range or the path is 0."""
    scale = 100.0 / ln(period)
    for i in range(len(path)):
        span = top[i] - bottom[i]
        length = path[i]
        still = (span <= 0.0) | (length <= 0.0)
        found = scale * ln_ratio(1.0 if still else length, 1.0 if still else span)
        out[i] = 100.0 + (span - span) + (length - length) if still else found


@composite(
    title="Choppiness Index",
    inputs="high low close",
    outputs={"choppiness": "0..100"},
    params={"period": Param(14, 2, 100_000, "rows in the range")},
    source="Dreiss 1993, the choppiness index, Futures magazine",
)
def choppiness(on: Nodes, high: Line, low: Line, close: Line, period: int) -> Line:
    """How much longer the way of the last `period` bars was than their range, 0 for a straight way, 100 for one that is
    `period` times as long, and where nothing moved.
    """
    path = on.sum(on.trange(high, low, close), period)
    found: Line = on.apply(chopped, path, on.max(high, period), on.min(low, period), period=period)
    return found
