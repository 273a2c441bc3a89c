"""What becomes of an order once its price is reached: how much of it fills, and how it ends."""

from __future__ import annotations

import math

from hq_core.futures.blocks import (
    ADDS,
    BEGINS,
    CAPACITY,
    CONTRACT,
    GOING,
    GONE,
    LEAST,
    LOT_DEN,
    LOT_NUM,
    MARK,
    O_ACTION,
    O_BARS,
    O_BEGAN,
    O_BEST,
    O_CUT,
    O_DONE,
    O_EXPIRE,
    O_GROUP,
    O_LEFT,
    O_LIMIT,
    O_OPENED,
    O_PAID,
    O_POST,
    O_QUANTITY,
    O_REDUCE,
    O_SIDE,
    O_STATUS,
    O_STOP,
    O_SYMBOL,
    O_TAKE,
    O_TIF,
    O_TRAIL,
    O_TRAIL_FRAC,
    O_TRIED,
    O_TRIGGER,
    O_TYPE,
    O_UNIT,
    O_WORD,
    ORDER_SAID,
    ORDER_WIDTH,
    RESTING,
    SYMBOL_WIDTH,
)
from hq_core.futures.fills import left_to_fill, sure_price, taken_price, use_up
from hq_core.futures.log import log_fill, log_state
from hq_core.futures.positions import (
    MOST_LOTS,
    close_side,
    gains,
    held,
    lots_of,
    open_side,
    room_by_bracket,
    room_by_margin,
    side_at,
    worth,
)
from hq_core.futures.resting import (
    CANCEL,
    CLOSE,
    LIMIT,
    MARKET,
    OPEN,
    STOP,
    STOP_LIMIT,
    TAKE,
    TARGET,
    TRAIL,
    below,
    buys,
    follows,
    is_order,
)
from hq_core.futures.terms import ALL, SHARE
from hq_core.jit import F8, I8, State, apart, inline
from hq_core.kinds import ORDER_STATE, REASONS, UNITS

(
    SIGNAL,
    CUT_MARGIN,
    CUT_BRACKET,
    CUT_POSITION,
    FLIP,
    LIQUIDATION,
    END,
    BY_TARGET,
    BY_LIMIT,
    BY_STOP,
    BY_STOP_LIMIT,
    BY_TAKE,
    BY_TRAIL,
    SIZE,
    NOTIONAL,
    MARGIN_SHORT,
    BRACKET_SHORT,
    PYRAMID,
    CONFLICT,
    FLAT,
    BANKRUPT,
    GROUP,
    CANCELLED_BY,
    REPLACED,
    TIF,
    EXPIRED_BY,
    POST_ONLY,
    NO_SUCH,
    NOT_IN_MODE,
) = range(len(REASONS))
ACCEPTED, FULLY, PARTLY, CANCELLED, EXPIRED, REJECTED = range(len(ORDER_STATE.codes["state"]))
MANY_REASONS = len(REASONS)  # the tally of how orders ended has a row of them a state
TALLY = len(ORDER_STATE.codes["state"]) * MANY_REASONS
CONTRACTS_UNIT, BASE_UNIT, QUOTE_UNIT, EQUITY_UNIT, RISK_UNIT = range(len(UNITS))
GTC, IOC, FOK, GTD, DAY = range(5)

# size: of opening orders that name none, by how; unit: of quantities that name none; child: group of the next children
SIZES = "size size_by:i8 unit:i8 pyramid:i8 reject_short:i8 children:i8 opened:i8 "


@apart
def end_order(s: State, p: F8, r: F8, log: F8, tally: I8, k: int, state: int, reason: int) -> None:
    """The order at `k` is done with, for a reason."""
    r[k + O_STATUS] = GONE
    if is_order(r, k):
        tally[state * MANY_REASONS + reason] += 1
    at = int(r[k + O_SYMBOL]) * SYMBOL_WIDTH
    log_state(s, p, r, log, k, at, int(r[k + O_SIDE]), state, reason)


@apart
def accept(s: State, p: F8, r: F8, log: F8, k: int, at: int) -> None:
    """The order at `k` works, and goes on to: say so, once."""
    if r[k + O_BARS] >= 0.0:
        r[k + O_BARS] = -1.0
        done = r[k + O_DONE]  # it was accepted before the part of a target or flip that has filled already
        r[k + O_DONE] = 0.0
        log_state(s, p, r, log, k, at, int(r[k + O_SIDE]), ACCEPTED, by_type(r, k) if r[k + O_GROUP] < 0.0 else 0)
        r[k + O_DONE] = done


@inline
def accept_rest(s: State, p: F8, r: F8, log: F8, k: int, at: int, lots: int) -> None:
    """So many lots of it are about to fill: it is accepted before that if it goes on after it."""
    if r[k + O_LEFT] != lots and r[k + O_TIF] != IOC and r[k + O_TIF] != FOK:
        accept(s, p, r, log, k, at)


@inline
def by_type(r: F8, k: int) -> int:
    """The reason of a fill that nothing but its order asks for."""
    if r[k + O_ACTION] == TARGET:
        return BY_TARGET
    kind = int(r[k + O_TYPE])
    return BY_LIMIT + kind - LIMIT if kind > MARKET else SIGNAL


@inline
def limit_of(r: F8, k: int) -> float:
    """The worst price that the order takes; nan: any."""
    return r[k + O_LIMIT] if r[k + O_TYPE] == LIMIT else math.nan


@apart
def cancel_group(s: State, p: F8, r: F8, log: F8, tally: I8, k: int) -> None:
    """One of a group has filled: the others are cancelled."""
    if r[k + O_GROUP] == 0.0:
        return
    for j in range(s.resting):
        other = j * ORDER_WIDTH
        if other != k and r[other + O_STATUS] != GONE and r[other + O_GROUP] == r[k + O_GROUP]:
            end_order(s, p, r, log, tally, other, CANCELLED, GROUP)


@apart
def cancel_all(
    s: State, p: F8, r: F8, log: F8, tally: I8, at: int, side: int, least: int, but: int, reason: int
) -> None:
    """Cancel what there is for a side of a symbol, but the order at `but`.

    at      the symbol, -1 for any; side: 0 for any; of reason FLAT only what closes
    least   RESTING: what works, BEGINS: and what begins now, WAITING: and what waits
    """
    for j in range(s.resting):
        k = j * ORDER_WIDTH
        if k == but or r[k + O_STATUS] < least or (at >= 0 and r[k + O_SYMBOL] != at // SYMBOL_WIDTH):
            continue
        if side != 0 and (r[k + O_SIDE] != side or (reason == FLAT and r[k + O_ACTION] != CLOSE)):
            continue
        if r[k + O_ACTION] == CANCEL:  # a wish that has become void is no order that ends
            r[k + O_STATUS] = GONE
            continue
        end_order(s, p, r, log, tally, k, CANCELLED, reason)


@apart
def contracts_in(s: State, p: F8, r: F8, k: int, at: int, quantity: float, unit: int, price: float) -> float:
    """A quantity of the order at `k`, in a unit, as contracts at a price."""
    if unit == CONTRACTS_UNIT:
        return quantity
    each = p[at + CONTRACT]
    if unit == BASE_UNIT:
        return quantity / each
    if unit == QUOTE_UNIT:
        return quantity / (worth(s, price) * each)
    money: float = quantity * (s.wallet + gains(s, p, MARK))
    if unit == EQUITY_UNIT:
        return money / (worth(s, price) * each)
    return money / (abs(worth(s, price) - worth(s, r[k + O_STOP])) * each)


@inline
def contracts_asked(s: State, p: F8, r: F8, k: int, at: int, quantity: float, price: float) -> float:
    """An order's own quantity in contracts, at a price."""
    return contracts_in(s, p, r, k, at, quantity, int(r[k + O_UNIT]) if r[k + O_UNIT] >= 0.0 else s.unit, price)


@apart
def lots_to_open(s: State, p: F8, r: F8, k: int, at: int, price: float) -> int:
    """The lots that an opening order asks for; MOST_LOTS: all that there is room for."""
    quantity = r[k + O_QUANTITY]
    if quantity != math.inf:
        return lots_of(p, at, contracts_asked(s, p, r, k, at, quantity, price))
    if s.size_by == ALL:
        return MOST_LOTS
    unit = EQUITY_UNIT if s.size_by == SHARE else s.unit
    return lots_of(p, at, contracts_in(s, p, r, k, at, s.size, unit, price))


@inline
def book(s: State, r: F8, k: int, lots: int) -> None:
    """So many lots of the order have just filled."""
    r[k + O_DONE] += lots
    r[k + O_PAID] += s.fill_price * lots
    r[k + O_LEFT] -= lots


@apart
def bring_children(s: State, p: F8, r: F8, log: F8, k: int, at: int, side: int, lots: int, price: float) -> None:
    """The stop, target and trail of an entry that has just filled so many lots, as one group."""
    group = 0.0
    for which in range(3):
        price_of = r[k + O_STOP] if which == 0 else r[k + O_TAKE] if which == 1 else r[k + O_TRAIL]
        share = r[k + O_TRAIL_FRAC] if which == 2 else math.nan
        if math.isnan(price_of) and math.isnan(share):
            continue
        if group == 0.0:
            s.children += 1
            group = -s.children
        c = s.resting * ORDER_WIDTH
        s.resting += 1
        for place in range(ORDER_SAID):
            r[c + place] = r[k + place]
        r[c + O_ACTION] = CLOSE
        r[c + O_TYPE] = STOP if which == 0 else TAKE if which == 1 else TRAIL
        r[c + O_TRIGGER] = price_of if which < 2 else math.nan
        r[c + O_LIMIT] = math.nan
        r[c + O_STOP] = math.nan
        r[c + O_TAKE] = math.nan
        r[c + O_TRAIL] = price_of if which == 2 else math.nan
        r[c + O_TRAIL_FRAC] = share
        r[c + O_TIF] = GTC
        r[c + O_EXPIRE] = 0.0
        r[c + O_POST] = 0.0
        r[c + O_REDUCE] = 1.0
        r[c + O_GROUP] = group
        r[c + O_STATUS] = RESTING
        r[c + O_LEFT] = lots
        r[c + O_DONE] = 0.0
        r[c + O_PAID] = 0.0
        r[c + O_BEST] = price if which == 2 else math.nan
        r[c + O_TRIED] = -1.0
        r[c + O_WORD] = by_type(r, c)
        r[c + O_CUT] = 0.0
        r[c + O_OPENED] = 0.0
        r[c + O_BARS] = 0.0
        r[c + O_BEGAN] = s.moment


@apart
def close_some(
    s: State,
    p: F8,
    r: F8,
    log: F8,
    tally: I8,
    k: int,
    at: int,
    side: int,
    lots: int,
    price: float,
    taker: bool,
    why: int,
) -> None:
    """Close lots > 0 of a side for the order at `k`, and cancel what this makes void."""
    given = taken_price(s, p, at, price, side < 0, lots, limit_of(r, k)) if taker else price
    close_side(s, p, at, side, lots, given, s.taker if taker else s.maker, False)
    use_up(p, at, side < 0, taker, lots)
    s.fill_met = price
    log_fill(s, p, r, log, k, at, side, False, taker, why)
    if why != FLIP:
        book(s, r, k, lots)
    cancel_group(s, p, r, log, tally, k)
    if held(p, at, side) == 0:
        cancel_all(s, p, r, log, tally, at, side, BEGINS, k, FLAT)


@apart
def close_by(s: State, p: F8, r: F8, log: F8, tally: I8, k: int, at: int, side: int, price: float, taker: bool) -> None:
    """Let the order at `k` close what it can of a side, at a price."""
    there = held(p, at, side)
    if there == 0:
        end_order(
            s, p, r, log, tally, k, REJECTED if r[k + O_WORD] == SIGNAL and r[k + O_DONE] == 0.0 else CANCELLED, FLAT
        )
        return
    can = left_to_fill(s, p, at, side < 0, taker)
    if can == 0:
        settle(s, p, r, log, tally, k, at, side, 0, taker)
        return
    if r[k + O_LEFT] < 0.0:
        quantity = r[k + O_QUANTITY]
        lots = there if quantity == math.inf else lots_of(p, at, contracts_asked(s, p, r, k, at, quantity, price))
        if lots == 0:
            end_order(s, p, r, log, tally, k, REJECTED, SIZE)
            return
        r[k + O_LEFT] = lots
    why = int(r[k + O_WORD])
    if r[k + O_LEFT] > there:
        r[k + O_LEFT] = there
        if r[k + O_GROUP] >= 0.0 and r[k + O_QUANTITY] != math.inf:
            why = CUT_POSITION
            r[k + O_CUT] = why
    if r[k + O_TIF] == FOK and can < r[k + O_LEFT]:
        end_order(s, p, r, log, tally, k, CANCELLED, TIF)
        return
    lots = min(int(r[k + O_LEFT]), can)
    if lots > 0:
        accept_rest(s, p, r, log, k, at, lots)
        close_some(s, p, r, log, tally, k, at, side, lots, price, taker, why)
    settle(s, p, r, log, tally, k, at, side, lots, taker)


@inline
def go_on(s: State, r: F8, k: int, taker: bool) -> None:
    """This bar fills no more of the order: it goes on at the next open or, of a limit, where it rests."""
    r[k + O_TRIED] = s.row
    r[k + O_STATUS] = GOING if taker and r[k + O_TYPE] != LIMIT else RESTING


@inline
def ends_by(r: F8, k: int) -> int:
    """The reason that its states give: what it was cut by, else that of its fills."""
    return int(r[k + O_CUT]) if r[k + O_CUT] != 0.0 else int(r[k + O_WORD])


@apart
def settle(s: State, p: F8, r: F8, log: F8, tally: I8, k: int, at: int, side: int, lots: int, taker: bool) -> None:
    """After a fill of so many lots: the order has ended, or goes on at the next open or where it rests."""
    if r[k + O_LEFT] == 0.0:
        end_order(s, p, r, log, tally, k, FULLY, ends_by(r, k))
        return
    go_on(s, r, k, taker)
    if lots > 0:
        log_state(s, p, r, log, k, at, side, PARTLY, ends_by(r, k))
    if r[k + O_TIF] == IOC or r[k + O_TIF] == FOK:
        end_order(s, p, r, log, tally, k, CANCELLED, TIF)


@apart
def open_by(s: State, p: F8, r: F8, log: F8, tally: I8, k: int, at: int, side: int, price: float, taker: bool) -> None:
    """Let the order at `k` open what it may of a side, at a price."""
    can = left_to_fill(s, p, at, side > 0, taker)
    if can == 0:
        settle(s, p, r, log, tally, k, at, side, 0, taker)
        return
    fresh = r[k + O_OPENED] == 0.0
    if fresh and held(p, at, side) > 0 and p[side_at(at, side) + ADDS] >= s.pyramid and r[k + O_ACTION] == OPEN:
        end_order(s, p, r, log, tally, k, REJECTED, PYRAMID)
        return
    lots = int(r[k + O_LEFT]) if r[k + O_LEFT] >= 0.0 else lots_to_open(s, p, r, k, at, price)
    if lots == 0:
        end_order(s, p, r, log, tally, k, REJECTED, SIZE)
        return
    each = worth(s, price) * p[at + CONTRACT] * p[at + LOT_NUM] / p[at + LOT_DEN]
    # what has begun to close the other side is not refused in a later bar, for its price there
    sized_now = r[k + O_LEFT] < 0.0 or r[k + O_ACTION] == TARGET
    if fresh and sized_now and lots * each < p[at + LEAST]:
        end_order(s, p, r, log, tally, k, CANCELLED if r[k + O_DONE] > 0.0 else REJECTED, NOTIONAL)
        return
    why = int(r[k + O_WORD])
    there = held(p, at, -side) if s.hedge == 0 else 0
    if r[k + O_TIF] == FOK and can < there + (lots if lots < MOST_LOTS else 0):
        end_order(s, p, r, log, tally, k, CANCELLED, TIF)
        return
    if there > 0:
        r[k + O_LEFT] = lots if lots < MOST_LOTS else -1.0
        against = min(there, can)
        if against > 0:
            if against < there:
                accept_rest(s, p, r, log, k, at, -2)
            close_some(s, p, r, log, tally, k, at, -side, against, price, taker, FLIP)
        if held(p, at, -side) > 0:
            settle(s, p, r, log, tally, k, at, side, 0, taker)
            return
    can = left_to_fill(s, p, at, side > 0, taker)
    if can == 0:
        settle(s, p, r, log, tally, k, at, side, 0, taker)
        return
    sure = sure_price(s, p, at, price, side > 0, limit_of(r, k)) if taker else price
    by_margin = room_by_margin(s, p, at, sure)
    by_bracket = room_by_bracket(s, p, at, side, sure)
    room = min(by_margin, by_bracket)
    if room == 0:
        short = MARGIN_SHORT if by_margin == 0 else BRACKET_SHORT
        end_order(s, p, r, log, tally, k, CANCELLED if r[k + O_DONE] > 0.0 else REJECTED, short)
        return
    if room < lots < MOST_LOTS:
        if s.reject_short != 0:
            short = MARGIN_SHORT if by_margin <= by_bracket else BRACKET_SHORT
            end_order(s, p, r, log, tally, k, CANCELLED if r[k + O_DONE] > 0.0 else REJECTED, short)
            return
        if r[k + O_TIF] == FOK:
            end_order(s, p, r, log, tally, k, CANCELLED, TIF)
            return
        why = CUT_MARGIN if by_margin <= by_bracket else CUT_BRACKET
        r[k + O_CUT] = why
        if r[k + O_ACTION] == TARGET:
            r[k + O_BEST] = held(p, at, side) + room
    if fresh and room < lots and room * each < p[at + LEAST]:
        end_order(s, p, r, log, tally, k, CANCELLED if r[k + O_DONE] > 0.0 else REJECTED, NOTIONAL)
        return
    lots = min(lots, room)
    if r[k + O_TIF] == FOK and can < lots:
        end_order(s, p, r, log, tally, k, CANCELLED, TIF)
        return
    r[k + O_LEFT] = lots
    lots = min(lots, can)
    if lots > 0:
        accept_rest(s, p, r, log, k, at, lots)
        given = taken_price(s, p, at, price, side > 0, lots, limit_of(r, k)) if taker else price
        open_side(s, p, at, side, lots, given, s.taker if taker else s.maker, fresh and r[k + O_ACTION] == OPEN)
        use_up(p, at, side > 0, taker, lots)
        s.fill_met = price
        log_fill(s, p, r, log, k, at, side, True, taker, why)
        book(s, r, k, lots)
        r[k + O_OPENED] = 1.0
        s.opened = side
        cancel_group(s, p, r, log, tally, k)
    settle(s, p, r, log, tally, k, at, side, lots, taker)
    if lots > 0:
        bring_children(s, p, r, log, k, at, side, lots, price)


@apart
def target_by(s: State, p: F8, r: F8, log: F8, tally: I8, k: int, at: int, price: float) -> None:
    """Let the order at `k` bring the position to its quantity, at a price."""
    if p[at + CAPACITY] == 0.0:
        settle(s, p, r, log, tally, k, at, 1, 0, True)
        return
    side, lots = int(r[k + O_SIDE]), 0
    sized = not math.isnan(r[k + O_BEST])
    if sized:
        lots = int(r[k + O_BEST])
    else:
        quantity = r[k + O_QUANTITY]
        asked = contracts_asked(s, p, r, k, at, abs(quantity), price) if quantity != 0.0 else 0.0
        side = 1 if quantity >= 0.0 else -1
        if not asked >= 0.0:
            r[k + O_SIDE] = side
            end_order(s, p, r, log, tally, k, REJECTED, SIZE)
            return
        lots = lots_of(p, at, min(asked, MOST_LOTS * p[at + LOT_NUM] / p[at + LOT_DEN]))
    lacks = side * lots - (held(p, at, 1) - held(p, at, -1))
    can = left_to_fill(s, p, at, lacks > 0, True)
    if can == 0 and lacks != 0:  # its size is that of its first fill
        settle(s, p, r, log, tally, k, at, side, 0, True)
        return
    r[k + O_SIDE], r[k + O_BEST] = side, lots
    if r[k + O_TIF] == FOK and can < abs(lacks):
        end_order(s, p, r, log, tally, k, CANCELLED, TIF)
        return
    for which in range(2):
        of = -side if which == 0 else side
        more = held(p, at, of) - (0 if which == 0 else lots)
        if more > 0:
            some = min(more, left_to_fill(s, p, at, of < 0, True))
            if some > 0:
                r[k + O_LEFT] = more
                accept_rest(s, p, r, log, k, at, some)
                close_some(s, p, r, log, tally, k, at, of, some, price, True, BY_TARGET)
            if some < more:
                settle(s, p, r, log, tally, k, at, side, some, True)
                return
    lack = lots - held(p, at, side)
    if lack <= 0:
        r[k + O_LEFT] = 0.0
        end_order(s, p, r, log, tally, k, FULLY, BY_TARGET)
        return
    r[k + O_LEFT] = lack
    open_by(s, p, r, log, tally, k, at, side, price, True)


@inline
def carry_out(s: State, p: F8, r: F8, log: F8, tally: I8, k: int, at: int, price: float, taker: bool) -> None:
    """Fill the order at `k` at a price, as far as it can be filled."""
    side = int(r[k + O_SIDE])
    if r[k + O_ACTION] == TARGET:
        target_by(s, p, r, log, tally, k, at, price)
    elif r[k + O_ACTION] == CLOSE:
        close_by(s, p, r, log, tally, k, at, side, price, taker)
    else:
        open_by(s, p, r, log, tally, k, at, side, price, taker)


@apart
def come_to(s: State, p: F8, r: F8, log: F8, tally: I8, k: int, at: int, price: float, fresh: bool) -> None:
    """The price has reached the order at `k`; fresh: at the open at which it begins to work."""
    kind = int(r[k + O_TYPE])
    if kind == TRAIL and not follows(r, k):
        r[k + O_BEST] = price
    elif kind == STOP_LIMIT:
        r[k + O_TYPE] = LIMIT
        within = price <= r[k + O_LIMIT] if buys(r, k) else price >= r[k + O_LIMIT]
        if within and r[k + O_POST] > 0.0:
            end_order(s, p, r, log, tally, k, REJECTED, POST_ONLY)
        elif within:
            carry_out(s, p, r, log, tally, k, at, price, True)
        elif r[k + O_TIF] == IOC or r[k + O_TIF] == FOK:
            end_order(s, p, r, log, tally, k, CANCELLED, TIF)
    elif kind == LIMIT and fresh and r[k + O_POST] != 0.0:
        end_order(s, p, r, log, tally, k, REJECTED, POST_ONLY)
    else:
        carry_out(s, p, r, log, tally, k, at, price, kind != LIMIT or fresh)


@apart
def meet(s: State, p: F8, r: F8, log: F8, tally: I8, k: int, at: int, price: float, fresh: bool) -> None:
    """The price has reached the order at `k`, and with it perhaps at once what its fill brings along."""
    before = s.resting
    come_to(s, p, r, log, tally, k, at, price, fresh)
    for j in range(before, s.resting):
        child = j * ORDER_WIDTH
        if r[child + O_STATUS] != RESTING:
            continue
        line = r[child + O_TRIGGER]
        if not follows(r, child) and (price <= line if below(r, child) else price >= line):
            come_to(s, p, r, log, tally, child, at, price, False)
        if r[child + O_STATUS] != GONE:
            accept(s, p, r, log, child, at)
