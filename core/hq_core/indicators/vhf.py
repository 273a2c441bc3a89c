"""Vertical Horizontal Filter."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.kernels import ops
from hq_core.registry import Param


@kernel()
def reach(highest: F8, lowest: F8, path: F8, out: F8) -> None:
    """(highest - lowest) / path; 0 where path is 0, as TA-Lib."""
    for i in range(len(path)):
        apart = highest[i] - lowest[i]
        known = path[i] != 0.0
        out[i] = (apart if known else 0.0 * apart) / (path[i] if known else 1.0)


@composite(
    title="Vertical Horizontal Filter",
    inputs="close",
    outputs={"vhf": "ratio"},
    params={"period": Param(28, 2, 100_000, "rows of the range and changes of the path")},
    source="White 1991, Futures magazine, August",
    talib="VHF",
)
def vhf(on: Nodes, close: Line, period: int) -> Line:
    """Range of the closes of `period` rows over the length of the way through them: large in a trend, small without."""
    path = on.sum(on.apply(ops.abs_, on.mom(close, 1)), period)
    found: Line = on.apply(reach, on.max(close, period), on.min(close, period), path)
    return found
