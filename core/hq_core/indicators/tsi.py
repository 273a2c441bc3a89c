"""True Strength Index."""
from __future__ import annotations

import math

from hq_core.jit import F8, State
from hq_core.kernels.smooth import finite, seed_or_move
from hq_core.registry import Param, indicator


@indicator(
    title="True Strength Index",
    inputs="close",
    outputs={"tsi": "-100..100"},
    params={
        "first": Param(25, 2, 100_000, "rows in the first EMA, that of the changes"),
        "second": Param(13, 2, 100_000, "rows in the second EMA, that of the first"),
    },
    state="change changes size sizes prev seen:i8",
    warmup=lambda first, second: first + second - 1,
    source="Blau 1991, Technical Analysis of Stocks & Commodities 9(11)",
    talib="TSI",
)
def tsi(close: F8, first: int, second: int, s: State, out: F8) -> None:
    """Twice smoothed change of price in percent of its twice smoothed size.

    close  (n,)  price; a nan or infinite row gives nan and is passed over: the next change is measured from the
                 last finite row
    s      change, changes: EMA of the changes and the EMA of that, or their seeds' sums; size, sizes: those of
           the changes' sizes; prev: the last finite row; seen: finite rows, up to the first output
    out    (n,)  -100..100, nan for the first first + second - 1 rows; 0 when nothing has moved, as TA-Lib
    """
    change = s.change
    changes = s.changes
    size = s.size
    sizes = s.sizes
    prev = s.prev
    seen = s.seen
    weight = 2.0 / (first + 1)
    weight_again = 2.0 / (second + 1)
    ready = first + second
    n = len(close)
    i = 0
    while i < n and seen < ready:
        value = close[i]
        out[i] = math.nan
        if finite(value):
            if seen > 0:
                change = seed_or_move(value - prev, change, seen, first, weight)
                size = seed_or_move(abs(value - prev), size, seen, first, weight)
            if seen >= first:
                changes = seed_or_move(change, changes, seen - first + 1, second, weight_again)
                sizes = seed_or_move(size, sizes, seen - first + 1, second, weight_again)
            prev = value
            seen += 1
            if seen == ready:
                out[i] = 100.0 * (changes / sizes if sizes != 0.0 else 0.0)
        i += 1
    while i < n:
        while i < n:
            value = close[i]
            if not finite(value):
                break
            moved = value - prev
            change = (moved - change) * weight + change
            size = (abs(moved) - size) * weight + size
            changes = (change - changes) * weight_again + changes
            sizes = (size - sizes) * weight_again + sizes
            prev = value
            out[i] = 100.0 * (changes / sizes if sizes != 0.0 else 0.0)
            i += 1
        if i < n:
            out[i] = math.nan
            i += 1
    s.change = change
    s.changes = changes
    s.size = size
    s.sizes = sizes
    s.prev = prev
    s.seen = seen
