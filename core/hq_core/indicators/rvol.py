"""Relative Volume."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.registry import Param


@composite(
    title="Relative Volume",
    inputs="volume",
    outputs={"rvol": "ratio, 1 is as usual"},
    params={"period": Param(20, 1, 100_000, "rows in the mean volume")},
    source="definition: volume over the mean of the n rows before",
    talib="RVOL",
)
def rvol(on: Nodes, volume: Line, period: int) -> Line:
    """Volume over the mean volume of the `period` rows before it, nan where that is 0: vri under another name."""
    found: Line = on.vri(volume, period)
    return found
