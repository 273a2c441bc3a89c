"""Order flow imbalance of Cont, Kukanov and Stoikov."""

from __future__ import annotations

import math

from hq_core.factoring import Duration, factor
from hq_core.factoring.instants import GOOD_BOOK, NO_BOOK, ends, left_behind
from hq_core.jit import F8, I1, I8, State
from hq_core.kernels.timed import folded, left, oldest
from hq_core.registry import Param


@factor(
    title="Order Flow Imbalance",
    inputs="ts code bid ask bid_qty ask_qty quality",
    outputs={"ofi_cks": "base"},
    params={
        "window": Duration("1s", help="how long a change of the best prices counts, closed on the left"),
        "least": Param(1, 1, 1_000_000, "changes in the window that a value needs"),
    },
    window=1,
    state="flow last_bid:i8 last_ask:i8 last_bid_qty last_ask_qty seen:i8<=1 "
    "now_bid:i8 now_ask:i8 now_bid_qty now_ask_qty at:i8 was:i8<=2",
    few="too few changes of the best prices in the window",
    source="Cont, Kukanov and Stoikov 2014, The price impact of order book events, equation 4",
    oracle="tests/oracles/slow_factors.py",
)
def ofi_cks(
    ts: I8,
    code: I1,
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

    The books at the ends of two instants are compared: a bid that is not lower adds its quantity, one that was not
    higher takes away what it had; asks the other way round.  A change belongs to the later instant, and is known from
    the first event behind it on.  Where the book is crossed or lacks a side at an end, the next good one is compared
    with the last good one; where it is not known, the next one begins anew.

    s     flow: of what is not folded; last_...: the book at the last good end, seen: 1 if there is one; now_..., at,
          was: best prices, ts and book of the row before (factoring/instants.py); see kernels/timed.py
    ring  (events, 1)  what each change adds
    """
    head, mid, tail = s.head, s.mid, s.tail
    flow, seen, at, was = s.flow, s.seen, s.at, s.was
    b, a, bq, aq = s.last_bid, s.last_ask, s.last_bid_qty, s.last_ask_qty
    nb, na, nbq, naq = s.now_bid, s.now_ask, s.now_bid_qty, s.now_ask_qty
    mask = len(times) - 1
    old = oldest(times, head, tail)
    for i in range(len(ts)):
        t = ts[i]
        if ends(t, at, code[i]):
            if was == GOOD_BOOK:
                if seen == 1 and (nb != b or na != a or nbq != bq or naq != aq):
                    change = 0.0
                    if nb >= b:
                        change += nbq
                    if nb <= b:
                        change -= bq
                    if na <= a:
                        change -= naq
                    if na >= a:
                        change += aq
                    to = tail & mask
                    times[to] = at
                    ring[to] = change
                    flow += change
                    tail += 1
                    old = min(old, at)
                b, a, bq, aq, seen = nb, na, nbq, naq, 1
            elif was == NO_BOOK:
                seen = 0
            at = t
        if old < t - window:
            head = left(times, head, tail, t - window)
            if head > mid:
                folded(ring, len(times), 1, head, tail)
                mid = tail
                flow = 0.0
            old = oldest(times, head, tail)
        nb, na, nbq, naq = bid[i], ask[i], bid_qty[i], ask_qty[i]
        was = left_behind(quality[i])
        value = math.nan
        if was == GOOD_BOOK and tail - head >= least:
            value = flow + (ring[head & mask] if head < mid else 0.0)
        out[i] = value
    s.head, s.mid, s.tail = head, mid, tail
    s.flow, s.seen, s.at, s.was = flow, seen, at, was
    s.last_bid, s.last_ask, s.last_bid_qty, s.last_ask_qty = b, a, bq, aq
    s.now_bid, s.now_ask, s.now_bid_qty, s.now_ask_qty = nb, na, nbq, naq
