"""Effective spread."""

from __future__ import annotations

import math

from hq_core.book.flags import TRADE
from hq_core.factoring import factor
from hq_core.jit import F8, I1, State


@factor(
    title="Effective Spread",
    inputs="kind side px mid_px",
    outputs={"effective": "price", "bps": "bps of the mid"},
    params={},
    state="value share mid seen:i8<=1",
    few="no trade so far that has a side and a mid before it",
    source="Huang and Stoll 1996, Dealer versus auction markets",
    oracle="tests/oracles/slow_factors.py",
)
def effective(kind: I1, side: I1, px: F8, mid_px: F8, s: State, out: F8, bps: F8) -> None:
    """Of the last trade: twice how far its price was from the mid before it, to the side that took.

    s   value, share: of that trade, seen: 1 if there is one; mid: that of the row before, 0 where there is none
    """
    value, share, seen, mid = s.value, s.share, s.seen, s.mid
    for i in range(len(kind)):
        if kind[i] == TRADE and side[i] != 0 and mid > 0.0:
            value = 2.0 * side[i] * (px[i] - mid)
            share = 1e4 * (value / mid)
            seen = 1
        out[i] = value if seen == 1 else math.nan
        bps[i] = share if seen == 1 else math.nan
        mid = mid_px[i] if mid_px[i] == mid_px[i] else 0.0
    s.value, s.share, s.seen, s.mid = value, share, seen, mid
