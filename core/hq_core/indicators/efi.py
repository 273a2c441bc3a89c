"""Elder's Force Index."""
from __future__ import annotations

import math

from hq_core.jit import F8, State
from hq_core.kernels.smooth import finite, seed_or_move
from hq_core.registry import Param, indicator


@indicator(
    title="Elder's Force Index",
    inputs="close volume",
    outputs={"efi": "price times volume"},
    params={"period": Param(13, 1, 100_000, "rows in the EMA; 1 is the raw force of each row")},
    state="mean prev seen:i8",
    warmup=lambda period: period,
    source="Elder 1993, Trading for a Living, ch. 8",
    talib="EFI",
)
def efi(close: F8, volume: F8, period: int, s: State, out: F8) -> None:
    """EMA of each row's change of price times its volume.

    close, volume  (n,)  price and base units; a row with a nan or infinite one gives nan and is passed over: the
                         next change is measured from the last whole row
    s    mean: the EMA, or its seed's sum; prev: the last whole row's close; seen: whole rows, up to the first output
    out  (n,)  price times volume; nan for the first `period` rows
    """
    mean = s.mean
    prev = s.prev
    seen = s.seen
    weight = 2.0 / (period + 1)
    n = len(close)
    i = 0
    while i < n and seen <= period:
        out[i] = math.nan
        if finite(close[i] - volume[i]):
            if seen > 0:
                mean = seed_or_move((close[i] - prev) * volume[i], mean, seen, period, weight)
            prev = close[i]
            seen += 1
            if seen > period:
                out[i] = mean
        i += 1
    while i < n:
        while i < n:
            if not finite(close[i] - volume[i]):
                break
            force = (close[i] - prev) * volume[i]
            mean = (force - mean) * weight + mean if period > 1 else force
            prev = close[i]
            out[i] = mean
            i += 1
        if i < n:
            out[i] = math.nan
            i += 1
    s.mean = mean
    s.prev = prev
    s.seen = seen
