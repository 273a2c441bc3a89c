"""Share of volume that was bought."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.kernels.lag import over
from hq_core.registry import Param


@kernel()
def share(part: F8, whole: F8, out: F8) -> None:
    """part / whole; 0.5 where whole is 0."""
    for i in range(len(part)):
        out[i] = over(part[i], whole[i], 0.5)


@composite(
    title="Share of Volume That Was Bought",
    inputs="volume buy_volume",
    outputs={"buy_ratio": "ratio 0..1"},
    params={"period": Param(20, 2, 100_000, "rows in the sums")},
    source="definition: volume of takers that buy over all volume, of the last n rows",
)
def buy_ratio(on: Nodes, volume: Line, buy_volume: Line, period: int) -> Line:
    """Volume that takers bought over all volume, of the last `period` rows; 0.5 where there was none."""
    found: Line = on.apply(share, on.sum(buy_volume, period), on.sum(volume, period))
    return found
