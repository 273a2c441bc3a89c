"""The last quote of each symbol, whose spread takers pay and whose sizes they use up, with --spread quotes."""

from __future__ import annotations

import math

from hq_core.futures.blocks import ASK_LOTS, BID_LOTS, CONTRACT, HALF, LOT_DEN, LOT_NUM, RESTS, SYMBOL_WIDTH, WAITS
from hq_core.futures.margin import lots_within
from hq_core.jit import F8, I4, I8, State, apart

QUOTES = "quotes:i8 seen:i8 "  # 1: they are read; rows of them that this call is done with


@apart
def see_quotes(s: State, p: F8, q_ts: I8, q_symbol: I4, q: F8, until: int) -> None:
    """Let each symbol have its last quote up to an instant; q: bid, bid_qty, ask, ask_qty of each row."""
    while s.seen < len(q_ts) and q_ts[s.seen] <= until:
        row = 4 * s.seen
        whose = q_symbol[s.seen]
        s.seen += 1
        if whose < 0 or whose >= s.symbols:
            continue
        at = whose * SYMBOL_WIDTH
        bid, ask = q[row], q[row + 2]
        p[at + HALF] = (ask - bid) / (ask + bid)
        p[at + BID_LOTS] = lots_within(q[row + 1], p[at + CONTRACT], p[at + LOT_NUM], p[at + LOT_DEN])
        p[at + ASK_LOTS] = lots_within(q[row + 3], p[at + CONTRACT], p[at + LOT_NUM], p[at + LOT_DEN])


@apart
def without_quote(s: State, p: F8) -> bool:
    """Whether orders of a symbol wait or rest of which no quote has come."""
    for k in range(s.symbols):
        at = k * SYMBOL_WIDTH
        if p[at + RESTS] + p[at + WAITS] > 0.0 and math.isnan(p[at + HALF]):
            return True
    return False
