"""Order flow imbalance of Cont, Kukanov and Stoikov."""

from __future__ import annotations

import math

from hq_core.factoring import Duration, factor
from hq_core.jit import F8, I1, I8, State
from hq_core.kernels.timed import folded, left, oldest
from hq_core.registry import Param


@factor(
    title="Order Flow Imbalance",
    inputs="ts bid ask bid_qty ask_qty quality",
    outputs={"ofi_cks": "base"},
    params={
        "window": Duration("1s", help="how long a change of the best prices counts, its ends included"),
        "least": Param(1, 1, 1_000_000, "changes in the window that a value needs"),
    },
    window=1,
    state="flow last_bid:i8 last_ask:i8 last_bid_qty last_ask_qty seen:i8",
    few="too few changes of the best prices in the window",
    source="Cont, Kukanov and Stoikov 2014, The price impact of order book events, equation 4",
    oracle="tests/oracles/slow_factors.py",
)
def ofi_cks(
    ts: I8,
    bid: I8,
    ask: I8,
    bid_qty: F8,
    ask_qty: F8,
    quality: I1,
    window: int,
    least: int,
    s: State,
    times: I8,
    ring: F8,
    out: F8,
) -> None:
    """What the best prices and their quantities gained on the bid side and lost on the ask side in the last `window`.

    Of two books one behind the other, a bid that is not lower adds its quantity, one that was not higher takes away
    what it had; asks the other way round.  A book that is not good has no such change, nor has the one behind it.

    s     flow: of what is not folded; last_...: the book before, seen: 1 if there is one; see kernels/timed.py
    ring  (events, 1)  what each change adds
    """
    head, mid, tail = s.head, s.mid, s.tail
    flow, seen = s.flow, s.seen
    b, a, bq, aq = s.last_bid, s.last_ask, s.last_bid_qty, s.last_ask_qty
    mask = len(times) - 1
    old = oldest(times, head, tail)
    for i in range(len(ts)):
        t = ts[i]
        if old < t - window:
            head = left(times, head, tail, t - window)
            if head > mid:
                folded(ring, len(times), 1, head, tail)
                mid = tail
                flow = 0.0
            old = oldest(times, head, tail)
        good = quality[i] == 0
        if good and (seen == 0 or bid[i] != b or ask[i] != a or bid_qty[i] != bq or ask_qty[i] != aq):
            if seen == 1:
                change = 0.0
                if bid[i] >= b:
                    change += bid_qty[i]
                if bid[i] <= b:
                    change -= bq
                if ask[i] <= a:
                    change -= ask_qty[i]
                if ask[i] >= a:
                    change += aq
                at = tail & mask
                times[at] = t
                ring[at] = change
                flow += change
                tail += 1
                old = min(old, t)
            b, a, bq, aq = bid[i], ask[i], bid_qty[i], ask_qty[i]
        seen = 1 if good else 0
        value = math.nan
        if good and tail - head >= least:
            value = flow + (ring[head & mask] if head < mid else 0.0)
        out[i] = value
    s.head, s.mid, s.tail = head, mid, tail
    s.flow, s.seen = flow, seen
    s.last_bid, s.last_ask, s.last_bid_qty, s.last_ask_qty = b, a, bq, aq
