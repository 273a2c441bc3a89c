"""The loop that the positive and the negative volume index share."""

from __future__ import annotations

import math

from hq_core.jit import F8, State, inline
from hq_core.kernels.smooth import finite


@inline
def volume_index(close: F8, volume: F8, rises: bool, s: State, out: F8) -> None:
    """Write the index that takes over the relative change of close in the rows whose volume rises, or falls.

    rises  whether volume must be above, or below, that of the last whole row
    s      index; close, volume: the last whole row; seen: 1 after the first
    """
    index = s.index if s.seen > 0 else 1000.0
    price = s.close
    size = s.volume
    seen = s.seen
    for i in range(len(close)):
        value = close[i]
        traded = volume[i]
        if finite(value - traded):
            counts = traded > size if rises else traded < size
            if (seen > 0) & counts & (price != 0.0):
                index += (value - price) / price * index
            price = value
            size = traded
            seen = 1
            out[i] = index
        else:
            out[i] = math.nan
    s.index = index
    s.close = price
    s.volume = size
    s.seen = seen
