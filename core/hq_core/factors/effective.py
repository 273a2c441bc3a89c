"""Effective spread."""

from __future__ import annotations

import math

from hq_core.book.flags import TRADE
from hq_core.factoring import factor
from hq_core.factoring.instants import ends
from hq_core.jit import F8, I1, I8, State


@factor(
    title="Effective Spread",
    inputs="ts code kind side px mid_px",
    outputs={"effective": "price", "bps": "bps of the mid"},
    params={},
    state="value share now mid at:i8 seen:i8<=1",
    few="no trade so far that has a side and a mid before it",
    source="Huang and Stoll 1996, Dealer versus auction markets",
    oracle="tests/oracles/slow_factors.py",
)
def effective(ts: I8, code: I1, kind: I1, side: I1, px: F8, mid_px: F8, s: State, out: F8, bps: F8) -> None:
    """Of the last trade: twice how far its price was from the mid before it, to the side that took.

    Before is at the end of the instant before.

    s   value, share: of that trade, seen: 1 if there is one; now, at: mid and ts of the row before, mid: that at the
        end of the instant before (factoring/instants.py), 0 where there is none
    """
    value, share, seen, now, mid, at = s.value, s.share, s.seen, s.now, s.mid, s.at
    for i in range(len(kind)):
        if ends(ts[i], at, code[i]):
            mid = now
            at = ts[i]
        if kind[i] == TRADE and side[i] != 0 and mid > 0.0:
            value = 2.0 * side[i] * (px[i] - mid)
            share = 1e4 * (value / mid)
            seen = 1
        out[i] = value if seen == 1 else math.nan
        bps[i] = share if seen == 1 else math.nan
        now = mid_px[i] if mid_px[i] == mid_px[i] else 0.0
    s.value, s.share, s.seen, s.now, s.mid, s.at = value, share, seen, now, mid, at
