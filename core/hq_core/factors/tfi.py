"""Trade flow imbalance."""

from __future__ import annotations

import math

from hq_core.book.flags import TRADE
from hq_core.factoring import Duration, factor
from hq_core.jit import F8, I1, I8, State
from hq_core.kernels.timed import folded, left, oldest
from hq_core.registry import Param


@factor(
    title="Trade Flow Imbalance",
    inputs="ts kind side qty",
    outputs={"tfi": "-1..1"},
    params={
        "window": Duration("1s", help="how long a trade counts, closed on the left"),
        "least": Param(10, 1, 1_000_000, "trades in the window that a value needs"),
    },
    window=2,
    state="buys sells",
    few="too few trades in the window",
    wraps=False,
    source="Chordia, Roll and Subrahmanyam 2002, Order imbalance, liquidity, and market returns; scaled by the volume",
    oracle="tests/oracles/slow_factors.py",
)
def tfi(ts: I8, kind: I1, side: I1, qty: F8, window: int, least: int, s: State, times: I8, ring: F8, out: F8) -> None:
    """(bought - sold) / (bought + sold) of the trades of the last `window`; trades without a side do not count.

    s     buys, sells: of what is not folded, base; see kernels/timed.py
    ring  (events, 2)  what buyers took, what sellers took
    """
    head, mid, tail = s.head, s.mid, s.tail
    buys, sells = s.buys, s.sells
    mask = len(times) - 1
    old = oldest(times, head, tail)
    stale = True
    value = math.nan
    for i in range(len(ts)):
        t = ts[i]
        if old < t - window:
            head = left(times, head, tail, t - window)
            if head > mid:
                folded(ring, len(times), 2, head, tail)
                mid = tail
                buys = 0.0
                sells = 0.0
            old = oldest(times, head, tail)
            stale = True
        if kind[i] == TRADE and side[i] != 0:
            at = tail & mask
            bought = qty[i] if side[i] > 0 else 0.0
            sold = qty[i] if side[i] < 0 else 0.0
            times[at] = t
            ring[2 * at] = bought
            ring[2 * at + 1] = sold
            buys += bought
            sells += sold
            tail += 1
            old = min(old, t)
            stale = True
        if stale:
            stale = False
            at = 2 * (head & mask)
            up = buys + (ring[at] if head < mid else 0.0)
            down = sells + (ring[at + 1] if head < mid else 0.0)
            value = (up - down) / (up + down) if tail - head >= least else math.nan
        out[i] = value
    s.head, s.mid, s.tail = head, mid, tail
    s.buys, s.sells = buys, sells
