"""How orders come to the market: taken up at the bar on which they were decided, and begun at an open."""

from __future__ import annotations

import math

from hq_core.futures.bars import on_tick
from hq_core.futures.blocks import (
    BASE,
    BEGINS,
    CAP,
    GOING,
    GONE,
    LAST_TS,
    LEVERAGE,
    MARGIN,
    MARK,
    O_ACTION,
    O_BARS,
    O_BEGAN,
    O_BEST,
    O_CUT,
    O_DONE,
    O_EXPIRE,
    O_GROUP,
    O_ID,
    O_LEFT,
    O_LIMIT,
    O_OPENED,
    O_PAID,
    O_POST,
    O_QUANTITY,
    O_REDUCE,
    O_REF,
    O_SIDE,
    O_STATUS,
    O_SYMBOL,
    O_TIF,
    O_TRAIL_FRAC,
    O_TRIED,
    O_TRIGGER,
    O_TS,
    O_TYPE,
    O_UNIT,
    O_WORD,
    ORDER_SAID,
    ORDER_WIDTH,
    RESTING,
    SHORT,
    SYMBOL_WIDTH,
    TICK_NUM,
    TIER,
    TIERS,
    WAITING,
    WANTS,
)
from hq_core.futures.log import log_state, touch
from hq_core.futures.orders import (
    BANKRUPT,
    BRACKET_SHORT,
    CANCELLED,
    CANCELLED_BY,
    CONFLICT,
    DAY,
    EXPIRED,
    EXPIRED_BY,
    FLAT,
    FOK,
    FULLY,
    GTD,
    IOC,
    MARGIN_SHORT,
    NO_SUCH,
    NOT_IN_MODE,
    POST_ONLY,
    REJECTED,
    REPLACED,
    TIF,
    accept,
    by_type,
    end_order,
    meet,
)
from hq_core.futures.positions import free_margin, gain, held, side_at, worth
from hq_core.futures.resting import (
    CANCEL,
    CLOSE,
    LIMIT,
    MARKET,
    OPEN,
    REPLACE,
    SET_LEVERAGE,
    SET_MARGIN,
    STOP_LIMIT,
    TARGET,
    TRAIL,
    below,
    buys,
    is_order,
    level,
)
from hq_core.futures.statistics import DAY as DAY_NS
from hq_core.jit import F8, I8, State, apart, bits_of, float_of, inline

# taken: rows of orders that this call is done with; lost: those of them whose bar was not there; latency: ns
INTAKE = "orders:i8 taken:i8 lost:i8 latency:i8 latency_bars:i8 at_close:i8 fail_on_conflict:i8 "

STEPS = 5  # in which orders at the market fill at one instant
OPENS_LONG, CLOSES_LONG, OPENS_SHORT, CLOSES_SHORT = 1, 2, 4, 8


@inline
def verb_bit(o: F8, k: int) -> int:
    """A bit for what an order at the market opens or closes; 0 of any other."""
    if o[k + O_TYPE] != MARKET or (o[k + O_ACTION] != OPEN and o[k + O_ACTION] != CLOSE):
        return 0
    if o[k + O_REDUCE] != 0.0 and o[k + O_ACTION] == OPEN:  # it closes the other side
        return 2 << (2 if o[k + O_SIDE] > 0.0 else 0)
    return (1 if o[k + O_ACTION] == OPEN else 2) << (0 if o[k + O_SIDE] > 0.0 else 2)


@inline
def contradict(s: State, wants: int) -> bool:
    """Whether orders open and close one side or, in one-way mode, open both sides."""
    long = wants & (OPENS_LONG | CLOSES_LONG) == OPENS_LONG | CLOSES_LONG
    short = wants & (OPENS_SHORT | CLOSES_SHORT) == OPENS_SHORT | CLOSES_SHORT
    both = wants & (OPENS_LONG | OPENS_SHORT) == OPENS_LONG | OPENS_SHORT
    return long or short or (s.hedge == 0 and both)


@inline
def expires(o: F8, k: int, ts: int) -> int:
    """When the time of an order of `ts` is over, ns; 0: never."""
    if o[k + O_TIF] == DAY:
        return (ts // DAY_NS * DAY_NS + DAY_NS) or -1  # the day before 1970
    return bits_of(o[k + O_EXPIRE]) if o[k + O_TIF] == GTD else 0


@inline
def refused(s: State, o: F8, k: int, ts: int) -> int:
    """Why an order is none from the beginning; 0 of all others."""
    action, kind = o[k + O_ACTION], o[k + O_TYPE]
    if expires(o, k, ts) != 0 and expires(o, k, ts) <= ts:
        return EXPIRED_BY
    if s.hedge != 0 and (action == TARGET or (action == OPEN and o[k + O_REDUCE] != 0.0)):
        return NOT_IN_MODE
    if o[k + O_POST] > 0.0 and action <= CLOSE and kind != LIMIT and kind != STOP_LIMIT:
        return POST_ONLY
    return 0


@apart
def take_up(s: State, p: F8, r: F8, log: F8, tally: I8, o_ts: I8, o: F8, ts: int) -> bool:
    """Let what was decided at `ts` wait for its beginning; whether orders contradict each other, which are then none.

    Orders of a ts at which their symbol had no bar are lost, and counted.
    """
    while s.taken < len(o_ts) and o_ts[s.taken] < ts:
        s.taken += 1
        s.lost += 1
    first = s.taken
    end = first
    while end < len(o_ts) and o_ts[end] == ts:
        p[int(o[end * ORDER_SAID + O_SYMBOL]) * SYMBOL_WIDTH + WANTS] = 0.0
        end += 1
    fights = False
    for i in range(first, end if end > first + 1 else first):  # one alone contradicts nothing
        k = i * ORDER_SAID
        at = int(o[k + O_SYMBOL]) * SYMBOL_WIDTH
        if refused(s, o, k, ts) == 0:
            p[at + WANTS] = int(p[at + WANTS]) | verb_bit(o, k)
    for i in range(first, end):
        k = i * ORDER_SAID
        at = int(o[k + O_SYMBOL]) * SYMBOL_WIDTH
        s.taken += 1
        if bits_of(p[at + LAST_TS]) != ts:
            s.lost += 1
            continue
        c = s.resting * ORDER_WIDTH
        s.resting += 1
        for place in range(ORDER_SAID):
            r[c + place] = o[k + place]
        r[c + O_TS] = float_of(ts)
        r[c + O_STATUS] = WAITING
        r[c + O_LEFT] = -1.0
        r[c + O_DONE] = 0.0
        r[c + O_PAID] = 0.0
        r[c + O_BEST] = math.nan
        r[c + O_TRIED] = -1.0
        r[c + O_WORD] = by_type(r, c)
        r[c + O_CUT] = 0.0
        r[c + O_OPENED] = 0.0
        r[c + O_BARS] = s.latency_bars
        r[c + O_BEGAN] = 0.0
        r[c + O_EXPIRE] = float_of(expires(o, k, ts))
        s.orders += int(is_order(r, c))
        if r[c + O_REDUCE] != 0.0 and r[c + O_ACTION] == OPEN and s.hedge == 0:
            r[c + O_ACTION] = CLOSE  # of the other side, and from here on an order that does that
            r[c + O_SIDE] = -r[c + O_SIDE]
        why = refused(s, o, k, ts)
        if s.bankrupt != 0:
            end_order(s, p, r, log, tally, c, REJECTED, BANKRUPT)
        elif why != 0:
            end_order(s, p, r, log, tally, c, EXPIRED if why == EXPIRED_BY else REJECTED, why)
        elif verb_bit(o, k) != 0 and contradict(s, int(p[at + WANTS])):
            fights = True
            end_order(s, p, r, log, tally, c, REJECTED, CONFLICT)
    return fights


@apart
def cancel_for(s: State, p: F8, r: F8, log: F8, tally: I8, k: int) -> None:
    """Cancel the order that the one at `k` refers to, or all older ones of its symbol but what entries brought."""
    found = False
    for j in range(s.resting):
        other = j * ORDER_WIDTH
        if other == k or r[other + O_STATUS] == GONE or r[other + O_SYMBOL] != r[k + O_SYMBOL]:
            continue
        if r[k + O_REF] > 0.0:
            mine = r[other + O_ID] == r[k + O_REF]
        else:
            mine = bits_of(r[other + O_TS]) < bits_of(r[k + O_TS]) and r[other + O_GROUP] >= 0.0
        if mine:
            found = True
            end_order(s, p, r, log, tally, other, CANCELLED, CANCELLED_BY)
    if r[k + O_REF] > 0.0 and not found:
        end_order(s, p, r, log, tally, k, REJECTED, NO_SUCH)
    r[k + O_STATUS] = GONE


@apart
def replace_for(s: State, p: F8, r: F8, log: F8, tally: I8, k: int) -> None:
    """Let the order at `k` go on in the place of the one that it refers to, with what it says anew."""
    for j in range(s.resting):
        old = j * ORDER_WIDTH
        if (
            old == k
            or r[old + O_STATUS] == GONE
            or r[old + O_SYMBOL] != r[k + O_SYMBOL]
            or r[old + O_ID] != r[k + O_REF]
            or r[old + O_GROUP] < 0.0
            or r[old + O_ACTION] > CLOSE
        ):
            continue
        for place in range(O_LIMIT, O_TRAIL_FRAC + 1):  # its prices
            if math.isnan(r[k + place]):
                r[k + place] = r[old + place]
        if math.isnan(r[k + O_QUANTITY]):
            r[k + O_QUANTITY] = r[old + O_QUANTITY]
            r[k + O_UNIT] = r[old + O_UNIT]
            r[k + O_LEFT] = r[old + O_LEFT]
        elif r[k + O_UNIT] < 0.0:
            r[k + O_UNIT] = r[old + O_UNIT]
        r[k + O_WORD] = r[old + O_WORD]
        r[k + O_CUT] = r[old + O_CUT]
        r[k + O_OPENED] = r[old + O_OPENED]
        for place in range(O_SIDE, O_TYPE + 1):  # side, action, type
            r[k + place] = r[old + place]
        for place in range(O_REDUCE, O_POST + 1):  # and what it may
            r[k + place] = r[old + place]
        if r[k + O_GROUP] == 0.0:
            r[k + O_GROUP] = r[old + O_GROUP]
        if r[old + O_STATUS] == GOING:
            r[k + O_TYPE] = MARKET
        if r[k + O_TIF] < 0.0:
            r[k + O_TIF] = r[old + O_TIF]
            r[k + O_EXPIRE] = r[old + O_EXPIRE]
        end_order(s, p, r, log, tally, old, CANCELLED, REPLACED)
        return
    end_order(s, p, r, log, tally, k, REJECTED, NO_SUCH)


@apart
def set_leverage(s: State, p: F8, r: F8, log: F8, tally: I8, k: int, at: int, most: I8, top: F8) -> None:
    """Change a symbol's leverage for what is opened from here on, if its bracket has it and what is held fits."""
    cap = 0.0
    first = int(p[at + TIER])
    for i in range(first, first + int(p[at + TIERS])):
        if most[i] >= r[k + O_QUANTITY]:
            cap = max(cap, top[i])
    largest = max(p[at + BASE], p[at + SHORT + BASE]) * worth(s, p[at + MARK])
    if not r[k + O_QUANTITY] >= 1.0 or cap < largest or cap == 0.0:
        end_order(s, p, r, log, tally, k, REJECTED, BRACKET_SHORT)
        return
    p[at + LEVERAGE] = r[k + O_QUANTITY]
    p[at + CAP] = cap
    r[k + O_STATUS] = GONE
    log_state(s, p, r, log, k, at, int(r[k + O_SIDE]), FULLY, 0)


@apart
def set_margin(s: State, p: F8, r: F8, log: F8, tally: I8, k: int, at: int) -> None:
    """Put so much more into the isolated margin of a side, or take it out as long as the initial margin stays."""
    side = int(r[k + O_SIDE])
    h = side_at(at, side)
    amount = r[k + O_QUANTITY]
    if s.cross != 0:
        end_order(s, p, r, log, tally, k, REJECTED, NOT_IN_MODE)
        return
    if held(p, at, side) == 0:
        end_order(s, p, r, log, tally, k, REJECTED, FLAT)
        return
    kept = p[h + MARGIN] + amount + min(0.0, gain(s, p, at, side, p[at + MARK]))
    least = p[h + BASE] * worth(s, p[at + MARK]) / p[at + LEVERAGE]
    if not (amount > 0.0 and amount <= free_margin(s, p)) and not (amount < 0.0 and kept >= least):
        end_order(s, p, r, log, tally, k, REJECTED, MARGIN_SHORT)
        return
    p[h + MARGIN] += amount
    touch(p, at, side)
    r[k + O_STATUS] = GONE
    log_state(s, p, r, log, k, at, side, FULLY, 0)


@inline
def begin(s: State, r: F8, k: int) -> None:
    """An order begins to work, as the youngest of those that do: its row goes to the end."""
    to = s.resting * ORDER_WIDTH
    s.resting += 1
    for place in range(ORDER_WIDTH):
        r[to + place] = r[k + place]
    r[to + O_STATUS] = BEGINS
    r[k + O_STATUS] = GONE


@apart
def to_ticks(p: F8, r: F8, k: int, at: int) -> None:
    """Bring the prices of an order that begins to the tick: limits to the side that fills less, others to the nearest.

    A trail_frac stays: its price follows.
    """
    for place in range(O_LIMIT, O_TRAIL_FRAC):
        if not math.isnan(r[k + place]):
            way = 0.0 if place != O_LIMIT else -1.0 if buys(r, k) else 1.0
            r[k + place] = on_tick(p, at, r[k + place], way)


@apart
def begin_orders(s: State, p: F8, r: F8, log: F8, tally: I8, at: int, opened: int, most: I8, top: F8) -> None:
    """At a bar's beginning, ns: what is over expires, what begins is marked so, and cancels and changes are made."""
    symbol = at // SYMBOL_WIDTH
    first, many = s.resting, 0
    for j in range(s.resting):
        k = j * ORDER_WIDTH
        if r[k + O_STATUS] == GONE or r[k + O_SYMBOL] != symbol:
            continue
        expire = bits_of(r[k + O_EXPIRE])
        if expire != 0 and expire <= opened:
            end_order(s, p, r, log, tally, k, EXPIRED, EXPIRED_BY)
        elif r[k + O_STATUS] == WAITING and opened >= bits_of(r[k + O_TS]):  # of a bar that began before it, nothing
            if r[k + O_BARS] > 0.0:
                r[k + O_BARS] -= 1.0
            elif opened - bits_of(r[k + O_TS]) >= s.latency:  # a sum could pass the last ns there is
                r[k + O_STATUS] = BEGINS
                r[k + O_BEGAN] = s.moment
                first = min(first, j)
                many += 1
    for j in range(first, first if first + many == s.resting else s.resting):  # unless they are the youngest as it is
        if r[j * ORDER_WIDTH + O_STATUS] == BEGINS and r[j * ORDER_WIDTH + O_SYMBOL] == symbol:
            begin(s, r, j * ORDER_WIDTH)
    for j in range(s.resting):
        k = j * ORDER_WIDTH
        if r[k + O_STATUS] != BEGINS or r[k + O_SYMBOL] != symbol:
            continue
        action = int(r[k + O_ACTION])
        if action == CANCEL:
            cancel_for(s, p, r, log, tally, k)
        elif action == REPLACE:
            replace_for(s, p, r, log, tally, k)
        elif action == SET_LEVERAGE:
            set_leverage(s, p, r, log, tally, k, at, most, top)
        elif action == SET_MARGIN:
            set_margin(s, p, r, log, tally, k, at)
        if p[at + TICK_NUM] != 0.0 and r[k + O_STATUS] == BEGINS:
            to_ticks(p, r, k, at)


@inline
def step_of(s: State, r: F8, k: int) -> int:
    """When among what begins at one instant the order at `k` fills; -1 of one that is not at the market."""
    action = r[k + O_ACTION]
    if r[k + O_TYPE] != MARKET or action > TARGET:
        return -1
    if action == TARGET:
        return STEPS - 1
    long, opens = r[k + O_SIDE] > 0.0, action == OPEN
    if s.hedge == 0:  # closes come first: long, short
        return (2 if opens else 0) + (0 if long else 1)
    if opens:  # each side opens before the other one closes
        return 0 if long else 2
    return 3 if long else 1


@apart
def carry_out_market(s: State, p: F8, r: F8, log: F8, tally: I8, at: int, price: float) -> None:
    """Fill what begins now and is at the market, at a price."""
    symbol = at // SYMBOL_WIDTH
    step = -1
    while step < STEPS:
        later = STEPS
        for j in range(s.resting):
            k = j * ORDER_WIDTH
            if r[k + O_STATUS] != BEGINS or r[k + O_SYMBOL] != symbol:
                continue
            when = step_of(s, r, k)
            if when == step and step >= 0:
                meet(s, p, r, log, tally, k, at, price, True)
                if r[k + O_STATUS] != GONE:
                    accept(s, p, r, log, k, at)
            elif when > step:
                later = min(later, when)
        step = later


@apart
def begin_at_close(s: State, p: F8, r: F8, now: float) -> None:
    """Let begin what was ordered at the market at this close."""
    for j in range(s.resting):
        k = j * ORDER_WIDTH
        if r[k + O_STATUS] == WAITING and r[k + O_TS] == now and r[k + O_TYPE] == MARKET and r[k + O_ACTION] <= TARGET:
            r[k + O_BEGAN] = s.moment
            at = int(r[k + O_SYMBOL]) * SYMBOL_WIDTH
            if p[at + TICK_NUM] != 0.0:
                to_ticks(p, r, k, at)
            begin(s, r, k)


@apart
def begin_resting(s: State, p: F8, r: F8, log: F8, tally: I8, at: int, price: float) -> None:
    """Let what begins and is not at the market rest, or fill at the open that has reached it already."""
    symbol = at // SYMBOL_WIDTH
    many = s.resting
    for j in range(many):
        k = j * ORDER_WIDTH
        if r[k + O_STATUS] != BEGINS or r[k + O_SYMBOL] != symbol:
            continue
        r[k + O_STATUS] = RESTING
        kind = int(r[k + O_TYPE])
        if kind == TRAIL and math.isnan(r[k + O_TRIGGER]):
            if math.isnan(r[k + O_BEST]):
                r[k + O_BEST] = price
        else:
            line = level(r, k)
            if price <= line if below(r, k) else price >= line:
                meet(s, p, r, log, tally, k, at, price, True)
            prompt = r[k + O_TIF] == IOC or r[k + O_TIF] == FOK
            if r[k + O_STATUS] == RESTING and r[k + O_TYPE] == LIMIT and prompt:
                end_order(s, p, r, log, tally, k, CANCELLED, TIF)
        if r[k + O_STATUS] != GONE:
            accept(s, p, r, log, k, at)
