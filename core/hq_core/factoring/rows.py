"""Which rows are written: at which events, how far apart in time and value, with which reason where a value lacks."""

from __future__ import annotations

import math

from hq_core.book.events import GOOD
from hq_core.book.flags import BBO, CLEAR, DEPTH, SNAPSHOT, TRADE
from hq_core.factoring.instants import ENDED
from hq_core.jit import B1, F8, I1, I4, I8, State, kernel

ON_EVENT, ON_DEPTH, ON_BBO, ON_TRADE, ON_CLOCK = 1, 2, 4, 8, 16
TRIGGERS = {"event": ON_EVENT, "depth": ON_DEPTH, "bbo": ON_BBO, "trade": ON_TRADE}
INSTANT = "instant"  # the trigger of a row at the end of each
MOST = 1 << 26  # rows of a clock from one event to the next
LAST = (1 << 63) - 1  # ns, the last instant that there is
CLOCK = -1  # in place of an event's number: a row of the clock
WARMING, FEW = 1, 7  # codes of kinds.FACTOR's reason; those of the book's quality lie between them, one higher


@kernel(state="next:i8 begun:i8<=1 ts:i8 exch_ts:i8 at:i8 n:i8", wraps=False)
def clocked(
    ts: I8,
    exch_ts: I8,
    px: F8,
    code: I1,
    side: I1,
    tick: I8,
    qty: F8,
    order: I8,
    every: int,
    upto: int,
    s: State,
    o_ts: I8,
    o_exch_ts: I8,
    o_px: F8,
    o_code: I1,
    o_side: I1,
    o_tick: I8,
    o_qty: F8,
    o_order: I8,
    o_event: I8,
) -> None:
    """Rows of a clock between events: at each multiple of `every` ns one, behind the last event at or before it.

    every    0: a row at the end of each instant
    upto     no further event comes before this instant
    s        next: instant of the next row of the clock, begun: 1 if there is one, as there is from the first event on;
             ts, exch_ts: of the last event; at: comes as the event to begin with, goes as the next one; n: rows laid
             down, as many as there is room for, 0 where a gap would have more than MOST rows
    o_event  number of the event, or CLOCK
    """
    next_at, begun, last_ts, last, at = s.next, s.begun, s.ts, s.exch_ts, s.at
    n = 0
    while n < len(o_ts):
        known = ts[at] if at < len(ts) else upto
        # as floats, in which centuries of nanoseconds have room
        if every > 0 and begun == 1 and next_at < known and (float(known) - float(next_at)) / every >= MOST:
            n = 0
            break
        if begun == 1 and next_at < known:
            o_ts[n] = next_at
            o_exch_ts[n] = last
            o_px[n] = math.nan
            o_code[n] = ENDED
            o_side[n] = 0
            o_tick[n] = 0
            o_qty[n] = 0.0
            o_order[n] = 0
            o_event[n] = CLOCK
            begun = 1 if 0 < every <= LAST - max(next_at, 0) else 0
            next_at += every * begun
        elif at < len(ts):
            if every == 0:
                next_at = ts[at]
                begun = 1
            elif begun == 0 and every <= LAST - max(ts[at], 0):  # behind the last instant there is no boundary
                next_at = ts[at] + (every - ts[at] % every) % every
                begun = 1
            last_ts = ts[at]
            last = exch_ts[at]
            o_ts[n] = ts[at]
            o_exch_ts[n] = last
            o_px[n] = px[at]
            o_code[n] = code[at]
            o_side[n] = side[at]
            o_tick[n] = tick[at]
            o_qty[n] = qty[at]
            o_order[n] = order[at]
            o_event[n] = at
            at += 1
        else:
            break
        n += 1
    s.next, s.begun, s.ts, s.exch_ts, s.at, s.n = next_at, begun, last_ts, last, at, n


@kernel(state="n:i8 bid:i8 ask:i8 bid_qty ask_qty quality:i8 seen:i8", wraps=False)
def chosen(
    kind: I1, bid: I8, ask: I8, bid_qty: F8, ask_qty: F8, quality: I1, event: I8, on: int, s: State, order: I8
) -> None:
    """order = the rows at which something happens that is in `on`; s.n: how many.

    event  number of the event, or CLOCK; empty: there is no clock
    s      beside n, the best prices, their quantities and the quality of the row before
    """
    b, a, bq, aq, q, seen = s.bid, s.ask, s.bid_qty, s.ask_qty, s.quality, s.seen
    n = 0
    for i in range(len(kind)):
        what = kind[i]
        if len(event) > 0 and event[i] == CLOCK:
            now = ON_CLOCK
        else:
            now = ON_EVENT
            if what == TRADE:
                now |= ON_TRADE
            elif what in (DEPTH, SNAPSHOT, CLEAR, BBO):
                now |= ON_DEPTH
            if seen == 0 or bid[i] != b or ask[i] != a or bid_qty[i] != bq or ask_qty[i] != aq or quality[i] != q:
                now |= ON_BBO
            b, a, bq, aq, q, seen = bid[i], ask[i], bid_qty[i], ask_qty[i], quality[i], 1
        if now & on != 0:
            order[n] = i
            n += 1
    s.bid, s.ask, s.bid_qty, s.ask_qty, s.quality, s.seen = b, a, bq, aq, q, seen
    s.n = n


@kernel(state="start:i8 seen:i8<=1")
def warming(ts: I8, length: int, s: State, reason: I1) -> None:
    """WARMING until `length` ns have passed since the first event.  s: start, of that; seen: 1 if there was one."""
    start = s.start
    for i in range(len(ts)):
        if s.seen == 0:
            start = ts[i]
            s.seen = 1
        reason[i] = WARMING if ts[i] - start < length else 0
    s.start = start


@kernel(wraps=False)
def masked(x: F8, reason: I1, out: F8) -> None:
    """x, and nan where there is a reason for it."""
    for i in range(len(x)):
        out[i] = x[i] if reason[i] == 0 else math.nan


@kernel(wraps=False)
def lacking(x: F8, quality: I1, book: int, reason: I1) -> None:
    """As `judged`, where there is no reason before."""
    for i in range(len(x)):
        why = quality[i] + 1 if book != 0 and quality[i] != GOOD else FEW
        reason[i] = why if x[i] != x[i] else 0


@kernel(wraps=False)
def judged(x: F8, before: I1, quality: I1, book: int, reason: I1) -> None:
    """Why a value is missing: the reason that there is before, else what is wrong with the book, else FEW.

    book  0: the value does not depend on it
    """
    for i in range(len(x)):
        why = quality[i] + 1 if book != 0 and quality[i] != GOOD else FEW
        mine = why if x[i] != x[i] else 0
        reason[i] = before[i] if before[i] != 0 else mine


@kernel(wraps=False)
def valid(reason: I1, out: B1) -> None:
    """1 where there is no reason against it."""
    for i in range(len(reason)):
        out[i] = 1 if reason[i] == 0 else 0


@kernel(state="n:i8 last_ts:i8 seen:i8", wraps=False)
def sifted(order: I8, n: int, ts: I8, values: F8, apart: int, interval: int, change: float, s: State, last: F8) -> None:
    """Of the first n of those rows the ones that are written; s.n: how many.

    A row is written if it is the first one, if a value comes or goes, or if `interval` ns have passed since the last
    one and a value has moved by `change` since.

    values    the columns, `apart` values from each other
    s, last   when the last row was written, and its values
    """
    last_ts, seen = s.last_ts, s.seen
    kept = 0
    for k in range(n):
        i = order[k]
        write = seen == 0
        moved = change <= 0.0
        for c in range(len(last)):
            x = values[c * apart + i]
            if (x == x) != (last[c] == last[c]):
                write = True
            if abs(x - last[c]) >= change:
                moved = True
        if write or (moved and ts[i] - last_ts >= interval):
            for c in range(len(last)):
                last[c] = values[c * apart + i]
            last_ts = ts[i]
            seen = 1
            order[kept] = i
            kept += 1
    s.n, s.last_ts, s.seen = kept, last_ts, seen


@kernel(state="n:i8", wraps=False)
def listed(
    order: I8,
    n: int,
    ts: I8,
    exch_ts: I8,
    values: F8,
    reasons: I1,
    apart: int,
    interval: int,
    change: float,
    s: State,
    last: F8,
    last_ts: I8,
    o_ts: I8,
    o_exch_ts: I8,
    o_factor: I4,
    o_value: F8,
    o_valid: B1,
    o_reason: I1,
) -> None:
    """A row for each value of the first n of those rows, of each factor as `sifted` has it of a row; s.n: how many.

    values, reasons   the columns, `apart` values from each other
    last, last_ts     (factors,) of each the last value that was written; (factors, 2) 1 and when, 0 where there is none
    """
    found = 0
    for k in range(n):
        i = order[k]
        for c in range(len(last)):
            x = values[c * apart + i]
            first = last_ts[2 * c] == 0
            flip = (x == x) != (last[c] == last[c])
            moved = change <= 0.0 or abs(x - last[c]) >= change
            if first or flip or (moved and ts[i] - last_ts[2 * c + 1] >= interval):
                last[c] = x
                last_ts[2 * c] = 1
                last_ts[2 * c + 1] = ts[i]
                o_ts[found] = ts[i]
                o_exch_ts[found] = exch_ts[i]
                o_factor[found] = c
                o_value[found] = x
                o_valid[found] = 1 if x == x else 0
                o_reason[found] = reasons[c * apart + i]
                found += 1
    s.n = found
