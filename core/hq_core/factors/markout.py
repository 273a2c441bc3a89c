"""Markout: how the mid has moved a while after a trade."""

from __future__ import annotations

import math

from hq_core.book.flags import TRADE
from hq_core.factoring import Duration, factor
from hq_core.jit import F8, I1, I8, State


@factor(
    title="Markout",
    inputs="ts kind side px mid_px",
    outputs={"markout": "price", "bps": "bps of the trade's price"},
    params={"horizon": Duration("1s", help="how long after the trade the mid is looked at")},
    window=2,
    state="value share before found:i8<=1",
    few="no trade so far whose horizon has passed while the book was good",
    source="definition: side * (mid after the horizon - price); Harris 2003, Trading and Exchanges, chapter 14",
    oracle="tests/oracles/slow_factors.py",
)
def markout(
    ts: I8, kind: I1, side: I1, px: F8, mid_px: F8, horizon: int, s: State, times: I8, ring: F8, out: F8, bps: F8
) -> None:
    """Of the last trade whose horizon has passed: how far the mid had gone from its price by then, to its side.

    It is known at the first event after the horizon, and written from that row on: never at the trade's own.  The mid
    is that of the last event at or before the end of the horizon; where there was none the trade has no markout.

    s     value, share: of that trade, found: 1 if there is one; before: the mid of the row before, 0: none
    ring  (events, 2)  side and price of the trades whose horizon has not passed
    """
    head, tail = s.head, s.tail
    value, share, before, found = s.value, s.share, s.before, s.found
    mask = len(times) - 1
    for i in range(len(ts)):
        while head < tail and times[head & mask] < ts[i] - horizon:
            at = 2 * (head & mask)
            if before > 0.0:
                value = ring[at] * (before - ring[at + 1])
                share = 1e4 * (value / ring[at + 1])
                found = 1
            head += 1
        if kind[i] == TRADE and side[i] != 0:
            at = tail & mask
            times[at] = ts[i]
            ring[2 * at] = side[i]
            ring[2 * at + 1] = px[i]
            tail += 1
        out[i] = value if found == 1 else math.nan
        bps[i] = share if found == 1 else math.nan
        before = mid_px[i] if mid_px[i] == mid_px[i] else 0.0
    s.head, s.mid, s.tail = head, head, tail
    s.value, s.share, s.before, s.found = value, share, before, found
