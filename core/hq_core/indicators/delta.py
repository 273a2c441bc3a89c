"""Volume delta."""

from __future__ import annotations

import math

from hq_core.jit import F8
from hq_core.kernels.smooth import finite
from hq_core.registry import indicator


@indicator(
    title="Volume Delta",
    inputs="volume buy_volume",
    outputs={"delta": "volume, bought less sold"},
    params={},
    warmup=lambda: 0,
    source="definition: volume of takers that buy less volume of takers that sell",
    talib=None,
)
def delta(volume: F8, buy_volume: F8, out: F8) -> None:
    """Volume that takers bought less volume that they sold.

    volume, buy_volume  (n,)  base units: all of it, and the part whose taker bought; a nan or infinite one gives nan
    out                 (n,)  their unit, -volume to volume
    """
    for i in range(len(volume)):
        found = 2.0 * buy_volume[i] - volume[i]
        out[i] = found if finite(found) else math.nan
