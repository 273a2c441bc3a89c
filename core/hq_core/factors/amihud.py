"""Amihud's illiquidity."""

from __future__ import annotations

import math

from hq_core.book.flags import TRADE
from hq_core.factoring import Duration, factor
from hq_core.jit import F8, I1, I8, State
from hq_core.kernels.maths.log import ln_ratio
from hq_core.kernels.timed import folded, left, oldest
from hq_core.registry import Param


@factor(
    title="Amihud's Illiquidity",
    inputs="ts kind px qty",
    outputs={"amihud": "0.., return a unit of quote"},
    params={
        "window": Duration("1m", help="how long a trade counts, closed on the left"),
        "least": Param(10, 1, 1_000_000, "trades in the window that a value needs"),
    },
    window=1,
    state="ratio last",
    few="too few trades in the window",
    source="Amihud 2002, Illiquidity and stock returns, of trades in place of days",
    oracle="tests/oracles/slow_factors.py",
)
def amihud(ts: I8, kind: I1, px: F8, qty: F8, window: int, least: int, s: State, times: I8, ring: F8, out: F8) -> None:
    """The mean of |log return from the trade before| / value traded, of the trades of the last `window`.

    s     ratio: of what is not folded; last: the price before, 0 where there is none; see kernels/timed.py
    ring  (events, 1)  the ratios
    """
    head, mid, tail = s.head, s.mid, s.tail
    ratio, last = s.ratio, s.last
    mask = len(times) - 1
    old = oldest(times, head, tail)
    for i in range(len(ts)):
        t = ts[i]
        if old < t - window:
            head = left(times, head, tail, t - window)
            if head > mid:
                folded(ring, len(times), 1, head, tail)
                mid = tail
                ratio = 0.0
            old = oldest(times, head, tail)
        if kind[i] == TRADE and px[i] > 0.0 and qty[i] > 0.0:
            if last > 0.0:
                at = tail & mask
                one = abs(ln_ratio(px[i], last)) / (px[i] * qty[i])
                times[at] = t
                ring[at] = one
                ratio += one
                tail += 1
                old = min(old, t)
            last = px[i]
        value = math.nan
        if tail - head >= least:
            value = (ratio + (ring[head & mask] if head < mid else 0.0)) / (tail - head)
        out[i] = value
    s.head, s.mid, s.tail = head, mid, tail
    s.ratio, s.last = ratio, last
