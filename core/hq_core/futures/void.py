"""Orders that come to nothing whatever the price does: closes of what is flat, opens of what may not be added to.

A strategy that orders at every bar where its condition holds makes many of them.  They leave the bar at which they
begin as it is, so that it can lie among the bars without an event.
"""

from __future__ import annotations

import math

from hq_core.futures.blocks import (
    ADDS,
    LOTS,
    O_ACTION,
    O_ID,
    O_POST,
    O_REDUCE,
    O_SIDE,
    O_TIF,
    O_TYPE,
    ORDER_SAID,
    WANTS,
)
from hq_core.futures.fills import set_capacity
from hq_core.futures.intake import STEPS, step_of, verb_bit
from hq_core.futures.log import log_order
from hq_core.futures.orders import DAY, FLAT, GTD, MANY_REASONS, PYRAMID, REJECTED
from hq_core.futures.positions import side_at
from hq_core.futures.resting import CLOSE, MARKET, NEVER, is_order
from hq_core.jit import F8, I8, State, apart, float_of, inline


@inline
def void(s: State, p: F8, o: F8, k: int) -> int:
    """Why the order at `k` is refused at the bar at which it begins; 0: it may not be."""
    plain = (o[k + O_TYPE] == MARKET) & (o[k + O_ACTION] <= CLOSE) & (o[k + O_REDUCE] == 0.0) & (o[k + O_POST] <= 0.0)
    for_good = (o[k + O_TIF] != GTD) & (o[k + O_TIF] != DAY)
    h = side_at(0, int(o[k + O_SIDE]))
    there = p[h + LOTS] > 0.0
    if o[k + O_ACTION] == CLOSE:
        return FLAT if plain & for_good & (not there) else 0
    return PYRAMID if plain & for_good & there & (p[h + ADDS] >= s.pyramid) else 0


@apart
def quiet_until(s: State, p: F8, ts: I8, open_time: I8, o_ts: I8, o: F8, i: int, n: int, due: int) -> tuple[int, int]:
    """Up to which of the bars i..n-1 neither orders nor funding make an event, for an account of one symbol.

    due   when funding is due next, ns
    Gives the bar, and up to which place orders are void, each of a bar with another one behind it at which it begins.
    """
    # any of these lets an order go on beyond the bar at which it begins
    prompt = s.latency == 0 and s.latency_bars == 0 and s.share == 0.0 and s.quotes == 0
    stop, at = i, s.taken
    while True:
        until = o_ts[at] if at < len(o_ts) else NEVER
        if s.at_close != 0:  # they fill at their bar's close, which is not quiet then
            due, until = min(due, until), NEVER
        limit = min(until, due)
        while stop < n and ts[stop] < limit:
            stop += 1
        if stop < n and ts[stop] < due:
            stop += 1  # at its close they are decided
        if not prompt or stop == i or stop >= n or ts[stop - 1] != until or ts[stop] <= until:
            return stop, at
        if len(open_time) > 0 and open_time[stop] < until:
            return stop, at
        # void ones contradict no other: what closes is flat, what opens is held, on the one side that may be held
        end = at
        while end < len(o_ts) and o_ts[end] == until:
            if void(s, p, o, end * ORDER_SAID) == 0:
                return stop, at
            end += 1
        at = end


@apart
def end_void(
    s: State, p: F8, log: F8, tally: I8, ts: I8, open_time: I8, o_ts: I8, o: F8, i: int, many: int, until: int
) -> None:
    """Refuse the void orders up to place `until` of so many quiet bars from i on, each at the bar behind its own.

    Those of the last bar stay.
    """
    j = i
    while s.taken < until and o_ts[s.taken] < ts[i + many - 1]:
        first, then = s.taken, o_ts[s.taken]
        while ts[j] < then:
            j += 1
        s.now = float_of(ts[j + 1])
        s.moment = float_of(open_time[j + 1] if len(open_time) > 0 else then)
        end, wants, step, in_turn = first, 0, 0, True
        while end < until and o_ts[end] == then:
            wants |= verb_bit(o, end * ORDER_SAID)
            next_step = step_of(s, o, end * ORDER_SAID)
            in_turn &= next_step >= step
            step = next_step
            end += 1
        for step in range(1 if in_turn else STEPS):
            for k in range(first * ORDER_SAID, end * ORDER_SAID, ORDER_SAID):
                if in_turn or step_of(s, o, k) == step:
                    why = void(s, p, o, k)
                    s.orders += int(is_order(o, k))
                    tally[REJECTED * MANY_REASONS + why] += int(is_order(o, k))
                    log_order(s, p, log, 0, int(o[k + O_SIDE]), o[k + O_ID], REJECTED, 0, -1.0, math.nan, why)
        s.moment = s.now
        s.taken = end
        p[WANTS] = wants
        set_capacity(s, p, 0)
