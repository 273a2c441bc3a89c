"""What is shown of a book: kernels that write rows of the columns that the book pass gave."""

from __future__ import annotations

import math

from hq_core.book.events import INVALID_MAX, INVALID_MIN, NOT_KNOWN
from hq_core.book.flags import BBO, CLEAR, DEPTH, SNAPSHOT
from hq_core.book.ladder import BEST, below, place_of, quantity, tick_of
from hq_core.book.touched import concerns
from hq_core.jit import F8, I1, I8, State, inline, kernel


@inline
def price_of(tick: int, over: float, under: float) -> float:
    """Of a tick of over / under; NaN of an empty side.  One division of whole numbers, so the nearest float64."""
    return math.nan if tick in (INVALID_MIN, INVALID_MAX) else tick * over / under


@kernel(state="seen:i8 n:i8 bid:i8 ask:i8 bid_qty ask_qty quality:i8")
def quotes(
    ts: I8,
    row: I8,
    bid: I8,
    ask: I8,
    bid_qty: F8,
    ask_qty: F8,
    quality: I1,
    over: float,
    under: float,
    s: State,
    o_ts: I8,
    o_bid: F8,
    o_bid_qty: F8,
    o_ask: F8,
    o_ask_qty: F8,
    o_quality: I1,
) -> None:
    """A row wherever the best of either side, what is there, or the quality has changed; of a book that is not known
    the sides are empty.

    ts   of all rows of the batch;  row (n,) which of them each event is
    s    seen: there was one before, which the rest says;  n: rows written
    """
    n = 0
    for i in range(len(bid)):
        unknown = quality[i] == NOT_KNOWN
        b = INVALID_MIN if unknown else bid[i]
        a = INVALID_MAX if unknown else ask[i]
        bq = 0.0 if unknown else bid_qty[i]
        aq = 0.0 if unknown else ask_qty[i]
        same = b == s.bid and a == s.ask and bq == s.bid_qty and aq == s.ask_qty and quality[i] == s.quality
        if same and s.seen != 0:
            continue
        s.seen, s.bid, s.ask, s.bid_qty, s.ask_qty, s.quality = 1, b, a, bq, aq, quality[i]
        o_ts[n] = ts[row[i]]
        o_bid[n] = price_of(b, over, under)
        o_bid_qty[n] = bq if b != INVALID_MIN else math.nan
        o_ask[n] = price_of(a, over, under)
        o_ask_qty[n] = aq if a != INVALID_MAX else math.nan
        o_quality[n] = quality[i]
        n += 1
    s.n = n


@kernel(state="seen:i8 n:i8 quality:i8", wraps=False)
def depths(
    slots: I8,
    keys: I8,
    words: I8,
    held: F8,
    nslots: I8,
    nkeys: I8,
    nwords: I8,
    at: I8,
    row: I8,
    ts: I8,
    rows: I8,
    code: I1,
    kind: I1,
    side: I1,
    tick: I8,
    quality: I1,
    levels: int,
    room: int,
    over: float,
    under: float,
    s: State,
    last: F8,
    o_ts: I8,
    o_quality: I1,
    o_levels: F8,
) -> None:
    """A probe of book_pass: a row where one of the best levels, or the quality, has changed; as `quotes`.

    row       (1,) the event;  ts: of all rows of the batch;  rows (n,) which of them each event is
    code      (n,) of each event as the book pass takes it
    last      (2, levels, 2) prices and quantities of the row before, bids first; behind them of each side the places of
              its best level and of the last one there, and whether there are so many
    o_levels  (levels, 4, room) columns of bid, quantity, ask, quantity
    """
    i = row[0]
    anew = s.seen == 0 or quality[i] != s.quality
    if not anew and (quality[i] == NOT_KNOWN or kind[i] not in (DEPTH, CLEAR, SNAPSHOT, BBO)):
        return
    n = s.n
    changed = anew
    for x in range(2):
        best = at[BEST + x]
        known = 4 * levels + 3 * x
        mine = (side[i] > 0) == (x == 0)
        if anew or concerns(
            code[i], mine, place_of(x, tick[i]), best, last[known], last[known + 1], last[known + 2] != 0.0
        ):
            place = best if quality[i] != NOT_KNOWN else -1
            last[known] = float(best)
            last[known + 1] = -1.0
            for k in range(levels):
                price = math.nan
                qty = math.nan
                last[known + 2] = 1.0 if place >= 0 else 0.0
                if place >= 0:
                    last[known + 1] = float(place)
                    price = tick_of(place) * over / under
                    qty = quantity(slots, keys, held, place)
                    place = below(slots, keys, words, nslots, nkeys, nwords, place)
                was = 2 * (x * levels + k)
                both_none = price != price and last[was] != last[was]
                if not both_none and (price != last[was] or qty != last[was + 1]):
                    changed = True
                last[was] = price
                last[was + 1] = qty
    if changed:
        for x in range(2):
            for k in range(levels):
                column = (4 * k + 2 * x) * room + n
                o_levels[column] = last[2 * (x * levels + k)]
                o_levels[column + room] = last[2 * (x * levels + k) + 1]
    if changed:
        o_ts[n] = ts[rows[i]]
        o_quality[n] = quality[i]
        s.n = n + 1
        s.seen = 1
        s.quality = quality[i]


@kernel(state="n:i8")
def updates(
    ts: I8,
    exch_ts: I8,
    row: I8,
    kind: I1,
    side: I1,
    tick: I8,
    prev_qty: F8,
    qty: F8,
    prev_bid: I8,
    prev_ask: I8,
    bid: I8,
    ask: I8,
    quality: I1,
    over: float,
    under: float,
    s: State,
    o_ts: I8,
    o_exch_ts: I8,
    o_event: I1,
    o_side: I1,
    o_tick: I8,
    o_px: F8,
    o_prev_qty: F8,
    o_qty: F8,
    o_prev_bid: I8,
    o_prev_ask: I8,
    o_bid: I8,
    o_ask: I8,
    o_quality: I1,
) -> None:
    """A row of each event that says something of the book; s.n: rows written."""
    n = 0
    for i in range(len(kind)):
        if kind[i] not in (DEPTH, CLEAR, SNAPSHOT, BBO):
            continue
        o_ts[n] = ts[row[i]]
        o_exch_ts[n] = exch_ts[row[i]]
        o_event[n] = kind[i]
        o_side[n] = side[i]
        o_tick[n] = tick[i]
        o_px[n] = tick[i] * over / under
        o_prev_qty[n] = prev_qty[i]
        o_qty[n] = qty[i]
        o_prev_bid[n] = prev_bid[i]
        o_prev_ask[n] = prev_ask[i]
        o_bid[n] = bid[i]
        o_ask[n] = ask[i]
        o_quality[n] = quality[i]
        n += 1
    s.n = n


@kernel()
def snapshot(tick: I8, qty: F8, over: float, under: float, flags: int, o_ev: I8, o_px: F8, o_qty: F8) -> None:
    """The levels of a side as events."""
    for i in range(len(tick)):
        o_ev[i] = flags
        o_px[i] = tick[i] * over / under
        o_qty[i] = qty[i]
