"""Elder's Force Index."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.registry import Param


@composite(
    title="Elder's Force Index",
    inputs="close volume",
    outputs={"efi": "price times volume"},
    params={"period": Param(13, 1, 100_000, "rows in the EMA; 1 is the raw force of each row")},
    source="Elder 1993, Trading for a Living, ch. 8",
    talib="EFI",
)
def efi(on: Nodes, close: Line, volume: Line, period: int) -> Line:
    """EMA of each row's change of price times its volume."""
    found: Line = on.ema(on.mom(close, 1) * volume, period)
    return found
