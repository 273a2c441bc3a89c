"""Volume weighted price of a window of time."""

from __future__ import annotations

import math

from hq_core.book.flags import TRADE
from hq_core.factoring import Duration, factor
from hq_core.jit import F8, I1, I8, State
from hq_core.kernels.timed import folded, left, oldest
from hq_core.registry import Param


@factor(
    title="Volume Weighted Average Price",
    inputs="ts kind px qty",
    outputs={"vwap": "price", "volume": "base"},
    params={
        "window": Duration("1s", help="how long a trade counts, closed on the left"),
        "least": Param(5, 1, 1_000_000, "trades in the window that a value needs"),
    },
    window=2,
    state="value volume",
    few="too few trades in the window",
    wraps=False,
    source="definition: value traded / quantity traded",
    oracle="tests/oracles/slow_factors.py",
)
def vwap(
    ts: I8, kind: I1, px: F8, qty: F8, window: int, least: int, s: State, times: I8, ring: F8, out: F8, volume: F8
) -> None:
    """The mean price of the trades of the last `window`, weighted by quantity, and that quantity: 0 without a trade.

    s     value, volume: of what is not folded, quote and base; see kernels/timed.py
    ring  (events, 2)  value and quantity of each trade
    """
    head, mid, tail = s.head, s.mid, s.tail
    value, total = s.value, s.volume
    mask = len(times) - 1
    old = oldest(times, head, tail)
    stale = True
    price = math.nan
    quantity = math.nan
    for i in range(len(ts)):
        t = ts[i]
        if old < t - window:
            head = left(times, head, tail, t - window)
            if head > mid:
                folded(ring, len(times), 2, head, tail)
                mid = tail
                value = 0.0
                total = 0.0
            old = oldest(times, head, tail)
            stale = True
        if kind[i] == TRADE:
            at = tail & mask
            paid = px[i] * qty[i]
            times[at] = t
            ring[2 * at] = paid
            ring[2 * at + 1] = qty[i]
            value += paid
            total += qty[i]
            tail += 1
            old = min(old, t)
            stale = True
        if stale:
            stale = False
            at = 2 * (head & mask)
            quantity = total + (ring[at + 1] if head < mid else 0.0)
            price = (value + (ring[at] if head < mid else 0.0)) / quantity
            if tail - head < least:
                price = math.nan
        out[i] = price
        volume[i] = quantity
    s.head, s.mid, s.tail = head, mid, tail
    s.value, s.volume = value, total
