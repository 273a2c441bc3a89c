"""Roll's effective spread."""

from __future__ import annotations

import math

from hq_core.book.flags import TRADE
from hq_core.factoring import Duration, factor
from hq_core.jit import F8, I1, I8, State
from hq_core.kernels.timed import folded, left, oldest
from hq_core.registry import Param


@factor(
    title="Roll's Spread",
    inputs="ts kind px",
    outputs={"roll": "price"},
    params={
        "window": Duration("1m", help="how long a pair of price changes counts, closed on the left"),
        "least": Param(10, 2, 1_000_000, "pairs of changes in the window that a value needs"),
    },
    window=3,
    state="now before both last change seen:i8<=2",
    few="too few trades in the window, or changes that go the same way",
    source="Roll 1984, A simple implicit measure of the effective bid-ask spread",
    oracle="tests/oracles/slow_factors.py",
)
def roll(ts: I8, kind: I1, px: F8, window: int, least: int, s: State, times: I8, ring: F8, out: F8) -> None:
    """2 * sqrt(-covariance) of price changes from trade to trade, each with the one before, in the last `window`.

    Where the covariance is above 0 there is no such spread.

    s     now, before, both: sums of changes, of those before, and of the products, of what is not folded; last, change:
          the price and the change before, seen: how many of these two there are; see kernels/timed.py
    ring  (events, 3)  each change, the one before, and their product
    """
    head, mid, tail = s.head, s.mid, s.tail
    now, before, both = s.now, s.before, s.both
    last, change, seen = s.last, s.change, s.seen
    mask = len(times) - 1
    old = oldest(times, head, tail)
    for i in range(len(ts)):
        t = ts[i]
        if old < t - window:
            head = left(times, head, tail, t - window)
            if head > mid:
                folded(ring, len(times), 3, head, tail)
                mid = tail
                now = 0.0
                before = 0.0
                both = 0.0
            old = oldest(times, head, tail)
        if kind[i] == TRADE:
            step = px[i] - last
            if seen == 2:
                at = tail & mask
                times[at] = t
                ring[3 * at] = step
                ring[3 * at + 1] = change
                ring[3 * at + 2] = step * change
                now += step
                before += change
                both += step * change
                tail += 1
                old = min(old, t)
            change = step
            last = px[i]
            seen = min(seen + 1, 2)
        value = math.nan
        if tail - head >= least:
            at = 3 * (head & mask)
            n = float(tail - head)
            x = now + (ring[at] if head < mid else 0.0)
            y = before + (ring[at + 1] if head < mid else 0.0)
            covariance = (both + (ring[at + 2] if head < mid else 0.0)) / n - (x / n) * (y / n)
            value = 2.0 * math.sqrt(-covariance) if covariance <= 0.0 else math.nan
        out[i] = value
    s.head, s.mid, s.tail = head, mid, tail
    s.now, s.before, s.both = now, before, both
    s.last, s.change, s.seen = last, change, seen
