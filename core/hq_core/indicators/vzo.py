"""Volume Zone Oscillator."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.kernels.lag import percent
from hq_core.kernels.smooth import finite
from hq_core.registry import Param


@kernel()
def signed(change: F8, volume: F8, out_signed: F8, out_volume: F8) -> None:
    """volume, below 0 where the price has not risen, and volume itself; both nan where one of the two is not known."""
    for i in range(len(change)):
        size = volume[i] if finite(change[i] - volume[i]) else math.nan
        out_signed[i] = size if change[i] > 0.0 else -size
        out_volume[i] = size


@composite(
    title="Volume Zone Oscillator",
    inputs="close volume",
    outputs={"vzo": "-100..100"},
    params={"period": Param(14, 1, 100_000, "rows in both EMAs")},
    source="Khalil and Steckler 2011, Technical Analysis of Stocks & Commodities 29(5), In the Volume Zone",
)
def vzo(on: Nodes, close: Line, volume: Line, period: int) -> Line:
    """EMA of the volume, with the sign of the row's change of price, in percent of the EMA of the volume.

    A row whose close has not changed counts as a fall, as the authors have it. 0 where there is no volume.
    """
    sides = on.apply(signed, on.mom(close, 1), volume, outputs=2)
    found: Line = on.apply(percent, *(on.ema(side, period) for side in sides))
    return found
