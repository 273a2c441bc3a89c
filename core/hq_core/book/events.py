"""The book pass: what becomes of a book at each event."""

from __future__ import annotations

from hq_core.book.flags import ADD, BBO, CANCEL, CLEAR, DEPTH, MODIFY, SNAPSHOT, TRADE
from hq_core.book.ladder import (
    ASK,
    BEST,
    DEPTH_BITS,
    KNOWN,
    STATE,
    TOP,
    UNKNOWN,
    clear,
    nearest,
    place_of,
    put,
    quantity,
    take,
    tick_of,
)
from hq_core.book.orders import clear_orders, order_at, order_event
from hq_core.jit import F8, I1, I8, hq_call, inline, kernel

GAP = 127  # code of a CLEAR behind which the book is not known
INVALID_MIN, INVALID_MAX = -(1 << 63), (1 << 63) - 1  # best bid and best ask of a side that is empty, as hftbacktest's
GOOD, NO_BID, NO_ASK, EMPTY, CROSSED, NOT_KNOWN = 0, 1, 2, 3, 4, 5
QUALITIES = ("good", "no bid", "no ask", "empty", "crossed", "unknown")


@inline
def quality_of(at: I8) -> int:
    """Of a book: crossed is one that has levels beyond its best, which the other side has met."""
    if at[STATE] == UNKNOWN:
        return NOT_KNOWN
    if at[BEST] < 0 or at[BEST + 1] < 0:
        return (NO_BID if at[BEST] < 0 else 0) + (NO_ASK if at[BEST + 1] < 0 else 0)
    return CROSSED if at[TOP] != at[BEST] or at[TOP + 1] != at[BEST + 1] else GOOD


@inline
def best_tick(place: int, none: int) -> int:
    return tick_of(place) if place >= 0 else none


@kernel(wraps=False)
def book_pass(
    code: I1,
    side: I1,
    tick: I8,
    qty: F8,
    order: I8,
    slots: I8,
    keys: I8,
    words: I8,
    held: F8,
    nslots: I8,
    nkeys: I8,
    nwords: I8,
    at: I8,
    places: I8,
    ids: I8,
    lots: F8,
    sums: F8,
    least: float,
    lot: float,
    lots_in: float,
    probes: I8,
    row: I8,
    o_kind: I1,
    o_side: I1,
    o_tick: I8,
    o_prev_qty: F8,
    o_qty: F8,
    o_prev_bid: I8,
    o_prev_ask: I8,
    o_bid: I8,
    o_ask: I8,
    o_bid_qty: F8,
    o_ask_qty: F8,
    o_quality: I1,
) -> None:
    """What each event does to the book, and the book behind it.

    code, side, tick, qty, order   (n,) of each event, as intake.py gives them; code GAP: a CLEAR, and unknown
    slots ... sums                 the book (ladder.py, orders.py)
    least                          a quantity below this one is none
    lot, lots_in                   the lot is lot / lots_in, in books by order
    probes                         (2k,) kernels and their argument blocks, called behind each event, when its columns
                                   are written: they read the book as it is then
    row                            (1,) which event that is
    o_kind     1 depth, 2 trade, 3 clear, 4 snapshot, 5 bbo, 0 any other
    o_side     1 bid, or the buyer took; -1 ask, or the seller took; 0 neither
    o_tick, o_prev_qty, o_qty      the level, what was there and is there now; of a trade its own price and quantity
    o_prev_bid ... o_ask_qty       best ticks before and behind it, INVALID_MIN and INVALID_MAX of an empty side, and
                                   what is there, 0 of an empty side
    o_quality  GOOD ... NOT_KNOWN
    """
    bid_qty = quantity(slots, keys, held, at[BEST]) if at[BEST] >= 0 else 0.0
    ask_qty = quantity(slots, keys, held, at[BEST + 1]) if at[BEST + 1] >= 0 else 0.0
    for i in range(len(code)):
        event = code[i]
        mine = side[i]
        bid = at[BEST]
        ask = at[BEST + 1]
        prev = 0.0
        now = qty[i]
        shown = tick[i]
        changed = -1  # the level
        o_prev_bid[i] = best_tick(bid, INVALID_MIN)
        o_prev_ask[i] = best_tick(ask, INVALID_MAX)
        kind = event
        if event in (DEPTH, SNAPSHOT, BBO):
            changed = place_of(0 if mine > 0 else 1, shown)
            if event == SNAPSHOT:
                at[STATE] = KNOWN
            if event == BBO:
                better = changed + 1
                if now < least and shown == 0:  # the side is empty
                    better = changed >> DEPTH_BITS << DEPTH_BITS
                clear(slots, keys, words, held, nslots, nkeys, nwords, at, changed >> DEPTH_BITS, better)
            if now >= least:
                prev = put(slots, keys, words, held, nslots, nkeys, nwords, at, changed, now)
            else:
                now = 0.0
                prev = take(slots, keys, words, held, nslots, nkeys, nwords, at, changed)
        elif event in (CLEAR, GAP):
            kind = CLEAR
            now = 0.0
            for s in range(2):
                if mine == 0 or (mine > 0) == (s == 0):
                    upto = s << DEPTH_BITS if mine == 0 or shown == 0 else place_of(s, shown)
                    clear(slots, keys, words, held, nslots, nkeys, nwords, at, s, upto)
                    if len(sums) > 0:
                        clear_orders(places, ids, lots, at, sums, slots, keys, upto, (s + 1 << DEPTH_BITS) - 1)
            if event == GAP:
                at[STATE] = UNKNOWN
            elif len(sums) > 0 and mine == 0:
                at[STATE] = KNOWN  # the orders that follow are the snapshot
        elif event in (ADD, MODIFY, CANCEL):
            kind = DEPTH
            changed = place_of(0 if mine > 0 else 1, shown)
            now = nearest(now * lots_in / lot)
            if event == CANCEL or now == 0.0:  # the level that it leaves
                changed = places[order_at(places, ids, order[i])] - 1
            if changed >= 0:
                prev = quantity(slots, keys, held, changed)
            changed = order_event(
                slots,
                keys,
                words,
                held,
                nslots,
                nkeys,
                nwords,
                at,
                places,
                ids,
                lots,
                sums,
                lot,
                lots_in,
                event,
                changed,
                order[i],
                now,
            )
            now = 0.0
            if changed >= 0:
                now = quantity(slots, keys, held, changed)
                shown = tick_of(changed)
                mine = 1 if changed < ASK else -1
            else:
                kind = 0
        elif event != TRADE:
            kind = 0
        moved = event in (ADD, MODIFY)  # an order, from another level perhaps
        if moved or at[BEST] != bid or changed == bid:
            bid_qty = quantity(slots, keys, held, at[BEST]) if at[BEST] >= 0 else 0.0
        if moved or at[BEST + 1] != ask or changed == ask:
            ask_qty = quantity(slots, keys, held, at[BEST + 1]) if at[BEST + 1] >= 0 else 0.0
        o_kind[i] = kind
        o_side[i] = mine
        o_tick[i] = shown
        o_prev_qty[i] = prev
        o_qty[i] = now
        o_bid[i] = best_tick(at[BEST], INVALID_MIN)
        o_ask[i] = best_tick(at[BEST + 1], INVALID_MAX)
        o_bid_qty[i] = bid_qty
        o_ask_qty[i] = ask_qty
        o_quality[i] = quality_of(at)
        if len(probes) > 0:
            row[0] = i
            for k in range(0, len(probes), 2):
                hq_call(probes[k], probes[k + 1])
