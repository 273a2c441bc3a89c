"""Books by order: which orders stand at a level, and what is there of all of them.

Quantities are whole lots, so that a level from which all orders have gone is empty, whatever came and went.  A FILL
leaves the book as it is: what it leaves of an order is told by the CANCEL or MODIFY behind it, as in hftbacktest.

The tables, beside those of ladder.py:
    places  (2^k,) by the order's id (open addressing): its level, plus 1; 0: none is there
    ids, lots   (2^k,) its id and its quantity
    sums    (64 * pages,) lots at each level
"""

from __future__ import annotations

from hq_core.book.flags import ADD, CANCEL
from hq_core.book.ladder import MISSING, NONE, ORDERS, PAGE, PAGES, TWICE, found, hashed, made, put, take
from hq_core.jit import F8, I8, apart, inline


@inline
def order_at(places: I8, ids: I8, id: int) -> int:
    """Where an order lies, or where it would."""
    mask = len(ids) - 1
    h = hashed(id, mask)
    while places[h] != 0 and ids[h] != id:
        h = (h + 1) & mask
    return h


@apart
def goes(places: I8, ids: I8, lots: F8, at: I8, h: int) -> None:
    """The order there goes.  Those behind it close up, so that each is found from where it should lie on (Knuth, TAOCP
    3, 6.4, algorithm R)."""
    mask = len(ids) - 1
    at[ORDERS] -= 1
    gap = h
    h = (h + 1) & mask
    while places[h] != 0:
        if ((h - hashed(ids[h], mask)) & mask) >= ((h - gap) & mask):
            places[gap] = places[h]
            ids[gap] = ids[h]
            lots[gap] = lots[h]
            gap = h
        h = (h + 1) & mask
    places[gap] = 0


@apart
def clear_orders(places: I8, ids: I8, lots: F8, at: I8, sums: F8, slots: I8, keys: I8, lowest: int, most: int) -> None:
    """The orders of the levels from one place to another go."""
    for h in range(len(places)):
        while places[h] > lowest and places[h] <= most + 1:
            level = places[h] - 1
            sums[found(slots, keys, level >> PAGE) << PAGE | level & 63] = 0.0
            goes(places, ids, lots, at, h)


@apart
def order_event(
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
    lot: float,
    lots_in: float,
    code: int,
    place: int,
    id: int,
    qty: float,
) -> int:
    """ADD, MODIFY or CANCEL of an order: the level that changed last, NONE if none did.

    lot, lots_in  the lot is lot / lots_in;  qty: in lots
    """
    h = order_at(places, ids, id)
    there = places[h] != 0
    if there and code == ADD:
        at[TWICE] += 1
    if not there and code != ADD:
        at[MISSING] += 1
    stays = code != CANCEL and qty > 0.0
    changed = NONE
    more = qty
    if there:
        changed = places[h] - 1
        if stays and changed == place:
            more = qty - lots[h]
            lots[h] = qty
        else:
            spot = found(slots, keys, changed >> PAGE) << PAGE | changed & 63
            sums[spot] -= lots[h]
            goes(places, ids, lots, at, h)
            if sums[spot] > 0.0:
                held[spot] = sums[spot] * lot / lots_in
            else:
                take(slots, keys, words, held, nslots, nkeys, nwords, at, changed)
            there = False
    if not stays:
        return changed
    if not there:
        h = order_at(places, ids, id)
        places[h] = place + 1
        ids[h] = id
        lots[h] = qty
        at[ORDERS] += 1
    p = found(slots, keys, place >> PAGE)
    if p < 0:
        p = made(slots, keys, at, PAGES, place >> PAGE)
    spot = p << PAGE | place & 63
    sums[spot] += more
    put(slots, keys, words, held, nslots, nkeys, nwords, at, place, sums[spot] * lot / lots_in)
    return place
