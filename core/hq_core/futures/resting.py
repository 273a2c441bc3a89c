"""Orders that rest: at which last price each is reached, and which one first on a way from one price to another."""

from __future__ import annotations

import math

from hq_core.futures.blocks import (
    ABOVE,
    BELOW,
    GOING,
    GONE,
    O_ACTION,
    O_BEST,
    O_EXPIRE,
    O_GROUP,
    O_LIMIT,
    O_SIDE,
    O_STATUS,
    O_SYMBOL,
    O_TRAIL,
    O_TRAIL_FRAC,
    O_TRIED,
    O_TRIGGER,
    O_TYPE,
    ORDER_WIDTH,
    RESTING,
    RESTS,
    SYMBOL_WIDTH,
    WAITS,
)
from hq_core.jit import F8, State, apart, bits_of, inline
from hq_core.kinds import ORDER

MARKET, LIMIT, STOP, STOP_LIMIT, TAKE, TRAIL = range(len(ORDER.codes["type"]))
OPEN, CLOSE, TARGET, CANCEL, REPLACE, SET_LEVERAGE, SET_MARGIN = range(len(ORDER.codes["action"]))

# resting: rows of orders; reached: the price at which the order found is; row: number of the bar; soonest: ns at which
# the next order's time is over
ORDERS = "resting:i8 reached row:i8 soonest:i8 "
NEVER = (1 << 63) - 1


@inline
def buys(r: F8, k: int) -> bool:
    """Whether the order at `k` buys: it opens a long or closes a short."""
    return (r[k + O_ACTION] == OPEN) == (r[k + O_SIDE] > 0.0)


@inline
def is_order(r: F8, k: int) -> bool:
    """Whether the row at `k` is an order that is counted, not a wish about others or what an entry brought."""
    return r[k + O_GROUP] >= 0.0 and (r[k + O_ACTION] <= TARGET or r[k + O_ACTION] == REPLACE)


@inline
def follows(r: F8, k: int) -> bool:
    """Whether it trails, and follows the price by now."""
    return r[k + O_TYPE] == TRAIL and not math.isnan(r[k + O_BEST])


@inline
def level(r: F8, k: int) -> float:
    """The last price that reaches it."""
    if r[k + O_TYPE] == LIMIT:
        return r[k + O_LIMIT]
    if not follows(r, k):
        return r[k + O_TRIGGER]
    away = r[k + O_TRAIL]
    if math.isnan(away):
        away = r[k + O_BEST] * r[k + O_TRAIL_FRAC]
    return r[k + O_BEST] + away if buys(r, k) else r[k + O_BEST] - away


@inline
def below(r: F8, k: int) -> bool:
    """Whether the price reaches it from above: a limit or take that buys, a stop that sells, a waiting trail to buy."""
    stops = r[k + O_TYPE] == STOP or r[k + O_TYPE] == STOP_LIMIT or follows(r, k)
    return buys(r, k) != stops


@apart
def next_reached(s: State, r: F8, at: int, price: float, goal: float, opening: bool) -> int:
    """The order of the symbol at `at` that the price reaches first on its way to `goal`; of several the oldest; or -1.

    opening   the price is an open: what goes on at the market is reached there
    s.reached   at which price
    """
    found = -1
    nearest = math.inf
    symbol = at // SYMBOL_WIDTH
    for j in range(s.resting):
        k = j * ORDER_WIDTH
        status = r[k + O_STATUS]
        if status < RESTING or r[k + O_SYMBOL] != symbol or r[k + O_TRIED] == s.row:
            continue
        if status == GOING:
            if not opening:
                continue
            where = price
        else:
            line = level(r, k)
            if below(r, k):
                if not (price <= line or goal <= line):
                    continue
                where = min(price, line)
            else:
                if not (price >= line or goal >= line):
                    continue
                where = max(price, line)
        if abs(where - price) < nearest:
            nearest = abs(where - price)
            found = k
            s.reached = where
    return found


@apart
def follow(s: State, r: F8, at: int, price: float) -> None:
    """Let the trails of a symbol see a price."""
    symbol = at // SYMBOL_WIDTH
    for j in range(s.resting):
        k = j * ORDER_WIDTH
        if r[k + O_SYMBOL] == symbol and r[k + O_STATUS] == RESTING and follows(r, k):
            r[k + O_BEST] = min(r[k + O_BEST], price) if buys(r, k) else max(r[k + O_BEST], price)


@apart
def watch(s: State, p: F8, r: F8) -> None:
    """Forget the orders that are done with, and note for each symbol the next prices at which something is reached.

    Where an order trails, every price matters: `above` is -inf then.
    """
    for k in range(s.symbols):
        at = k * SYMBOL_WIDTH
        p[at + BELOW] = -math.inf
        p[at + ABOVE] = math.inf
        p[at + RESTS] = 0.0
        p[at + WAITS] = 0.0
    kept = 0
    s.soonest = NEVER
    for j in range(s.resting):
        k = j * ORDER_WIDTH
        if r[k + O_STATUS] == GONE:
            continue
        at = int(r[k + O_SYMBOL]) * SYMBOL_WIDTH
        if r[k + O_STATUS] == RESTING:
            p[at + RESTS] += 1.0
            if follows(r, k):
                p[at + ABOVE] = -math.inf
            elif below(r, k):
                p[at + BELOW] = max(p[at + BELOW], level(r, k))
            else:
                p[at + ABOVE] = min(p[at + ABOVE], level(r, k))
        else:
            p[at + WAITS] += 1.0
        if r[k + O_EXPIRE] != 0.0:
            s.soonest = min(s.soonest, bits_of(r[k + O_EXPIRE]))
        to = kept * ORDER_WIDTH
        if to != k:
            for c in range(ORDER_WIDTH):
                r[to + c] = r[k + c]
        kept += 1
    s.resting = kept
