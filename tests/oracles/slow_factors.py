"""Every factor in plain Python: from all rows so far, anew at each, with sums that are exact.

Written from the words of the declarations and the papers that they name, not from the kernels.  A function gets the
rows up to the one that is asked for and the parameters, and gives the values of its columns; None where there is none.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, NamedTuple

from slow_book import SlowBook

DEPTH, TRADE = 1, 2
NOT_KNOWN = 5  # quality
Values = tuple[float | None, ...]


class Row(NamedTuple):
    """An event and the book behind it; prices in quote, levels as (price, quantity), best first."""

    ts: int
    exch_ts: int
    kind: int
    side: int
    px: float
    qty: float
    prev_qty: float
    bid: float | None
    ask: float | None
    bid_qty: float
    ask_qty: float
    quality: int
    bids: dict[int, float]
    asks: dict[int, float]
    tick: Fraction
    mid: float | None  # nearest to the exact mean of the best prices

    @property
    def good(self) -> bool:
        return self.quality == 0

    @property
    def trade(self) -> bool:
        return self.kind == TRADE

    @property
    def signed(self) -> float:
        return self.side * self.qty


def rows_of(events: list[Any], tick: Fraction, lot: Fraction, view: int, by_order: bool = False) -> list[Row]:
    """The rows of a view, each with the book behind it; levels beyond the best ones are passed over."""
    book = SlowBook(tick, lot, view, by_order)
    found = []
    for e in events:
        said = book.event(e.ev, e.px, e.qty, e.order_id, e.ival)
        if said is None:
            continue
        kind, side, _, prev_qty, qty, _, _, bid, ask, bid_qty, ask_qty, quality = said
        bids, asks = ({t: q for t, q in book.sides[s].items() if book.best[s] is not None} for s in (1, -1))
        bids = {t: q for t, q in bids.items() if t <= bid}
        asks = {t: q for t, q in asks.items() if t >= ask}
        prices = [float(t * tick) if abs(t) < 2**62 else None for t in (bid, ask)]
        mid = float((bid + ask) * tick / 2) if quality == 0 else None
        found.append(
            Row(
                e.ts,
                e.exch_ts,
                kind,
                side,
                e.px,
                qty,
                prev_qty,
                *prices,
                bid_qty,
                ask_qty,
                quality,
                bids,
                asks,
                tick,
                mid,
            )
        )
    return found


def exact(values: Any) -> Fraction:
    return sum((Fraction(one) for one in values), Fraction())


def within(rows: list[Row], window: int) -> list[Row]:
    return [one for one in rows if one.ts >= rows[-1].ts - window]


def ratio(a: Fraction | float, b: Fraction | float) -> float | None:
    return float(Fraction(a) / Fraction(b)) if b else None


def ends(rows: list[Row]) -> list[Row]:
    """The last row of each instant that is over: one of a later time has come."""
    return [one for one, behind in zip(rows, rows[1:]) if one.ts != behind.ts]


def compared(rows: list[Row]) -> list[tuple[Row, Row]]:
    """Of the ends of instants, each good one with the last good one before it; none where a gap lies between them."""
    found, last = [], None
    for one in ends(rows):
        if one.good:
            found += [(last, one)] if last else []
            last = one
        elif one.quality == NOT_KNOWN:
            last = None
    return found


def before(rows: list[Row], trade: Row) -> float | None:
    """The mid at the end of the instant before that of a trade."""
    earlier = [one for one in rows if one.ts < trade.ts]
    return earlier[-1].mid if earlier else None


def mid(rows: list[Row]) -> Values:
    return (rows[-1].mid,)


def spread(rows: list[Row]) -> Values:
    now = rows[-1]
    if not now.good:
        return None, None
    return now.ask - now.bid, ratio(10_000 * (Fraction(now.ask) - Fraction(now.bid)), now.mid)


def micro(rows: list[Row]) -> Values:
    now = rows[-1]
    if not now.good:
        return (None,)
    bq, aq = Fraction(now.bid_qty), Fraction(now.ask_qty)
    return (float((Fraction(now.bid) * aq + Fraction(now.ask) * bq) / (bq + aq)),)


def queue(rows: list[Row]) -> Values:
    now = rows[-1]
    bq, aq = Fraction(now.bid_qty), Fraction(now.ask_qty)
    return (ratio(bq - aq, bq + aq) if now.good else None,)


def imbalance(rows: list[Row], ticks: int, levels: int) -> Values:
    now = rows[-1]
    if not now.good:
        return (None,)
    bid, ask = max(now.bids), min(now.asks)
    if levels:
        bids = exact(now.bids[t] for t in sorted(now.bids, reverse=True)[:levels])
        asks = exact(now.asks[t] for t in sorted(now.asks)[:levels])
    else:
        bids = exact(now.bids.get(bid - k, 0.0) for k in range(ticks))
        asks = exact(now.asks.get(ask + k, 0.0) for k in range(ticks))
    return (ratio(bids - asks, bids + asks),)


def _levels(now: Row, depth: int) -> tuple[list[tuple[Fraction, Fraction]], list[tuple[Fraction, Fraction]]]:
    bids = [(t * now.tick, Fraction(now.bids[t])) for t in sorted(now.bids, reverse=True)[:depth]]
    asks = [(t * now.tick, Fraction(now.asks[t])) for t in sorted(now.asks)[:depth]]
    return bids, asks


def wmid(rows: list[Row], depth: int) -> Values:
    now = rows[-1]
    if not now.good:
        return (None,)
    (bq, bp), (aq, ap) = (
        (sum(q for _, q in side), sum(p * q for p, q in side) / sum(q for _, q in side)) for side in _levels(now, depth)
    )
    return (float((bp * aq + ap * bq) / (bq + aq)),)


def pressure(rows: list[Row], depth: int) -> Values:
    now = rows[-1]
    if not now.good:
        return (None,)
    bids, asks = _levels(now, depth)
    middle = (bids[0][0] + asks[0][0]) / 2
    up, down = (sum(q / abs(p - middle) for p, q in side) for side in (bids, asks))
    return (ratio(up - down, up + down),)


def slope(rows: list[Row], depth: int) -> Values:
    now = rows[-1]
    if not now.good:
        return None, None, None
    bids, asks = _levels(now, depth)
    if bids[-1][0] <= 0:
        return None, None, None
    middle = (bids[0][0] + asks[0][0]) / 2
    found = []
    for side in (bids, asks):
        held, price, before, parts = Fraction(), middle, 0.0, []
        for p, q in side:
            held += q
            volume = math.log1p(float(held))
            parts.append((volume / before - 1.0 if before else volume) / float(abs(p / price - 1)))
            price, before = p, volume
        found.append(math.fsum(parts) / len(parts))
    return sum(found) / 2, *found


def tfi(rows: list[Row], window: int, least: int) -> Values:
    trades = [one for one in within(rows, window) if one.trade and one.side]
    if len(trades) < least:
        return (None,)
    return (ratio(exact(one.signed for one in trades), exact(one.qty for one in trades)),)


ofi = tfi


def vwap(rows: list[Row], window: int, least: int) -> Values:
    trades = [one for one in within(rows, window) if one.trade]
    volume = exact(one.qty for one in trades)
    if len(trades) < least:
        return None, float(volume)
    return ratio(sum(Fraction(one.px) * Fraction(one.qty) for one in trades), volume), float(volume)


def ofi_cks(rows: list[Row], window: int, least: int) -> Values:
    changes = []
    for last, now in compared(rows):
        (b, bq, a, aq), (pb, pbq, pa, paq) = ((r.bid, r.bid_qty, r.ask, r.ask_qty) for r in (now, last))
        if (b, bq, a, aq) != (pb, pbq, pa, paq):
            change = bq * (b >= pb) - pbq * (b <= pb) - aq * (a <= pa) + paq * (a >= pa)
            changes.append((now.ts, change))
    inside = [change for ts, change in changes if ts >= rows[-1].ts - window]
    return (float(exact(inside)) if rows[-1].good and len(inside) >= least else None,)


def rvar(rows: list[Row], window: int, least: int) -> Values:
    moves = []
    for last, now in compared(rows):
        if last.mid != now.mid and last.mid > 0 and now.mid > 0:
            moves.append((now.ts, math.log1p(float(Fraction(now.mid) / Fraction(last.mid) - 1)) ** 2))
    inside = [square for ts, square in moves if ts >= rows[-1].ts - window]
    return (math.fsum(inside) if rows[-1].good and len(inside) >= least else None,)


def rvol(rows: list[Row], window: int, least: int) -> Values:
    (found,) = rvar(rows, window, least)
    return (None if found is None else math.sqrt(found),)


def kyle(rows: list[Row], window: int, least: int) -> Values:
    trades = [one for one in rows if one.trade]
    found = []
    for last, now in zip(trades, trades[1:]):
        mids = before(rows, last), before(rows, now)
        if last.signed and None not in mids:
            found.append((now.ts, Fraction(mids[1]) - Fraction(mids[0]), Fraction(last.signed)))
    inside = [(move, signed) for ts, move, signed in found if ts >= rows[-1].ts - window]
    if len(inside) < least:
        return (None,)
    return (ratio(sum(m * q for m, q in inside), sum(q * q for _, q in inside)),)


def amihud(rows: list[Row], window: int, least: int) -> Values:
    trades = [one for one in rows if one.trade and one.px > 0 and one.qty > 0]
    found = [
        (now.ts, abs(math.log1p(float(Fraction(now.px) / Fraction(before.px) - 1))) / (now.px * now.qty))
        for before, now in zip(trades, trades[1:])
    ]
    inside = [one for ts, one in found if ts >= rows[-1].ts - window]
    return (math.fsum(inside) / len(inside) if len(inside) >= least else None,)


def roll(rows: list[Row], window: int, least: int) -> Values:
    trades = [one for one in rows if one.trade]
    moves = [(now.ts, Fraction(now.px) - Fraction(before.px)) for before, now in zip(trades, trades[1:])]
    pairs = [(y, x) for (_, x), (ts, y) in zip(moves, moves[1:]) if ts >= rows[-1].ts - window]
    if len(pairs) < least:
        return (None,)
    n = len(pairs)
    means = [sum(one[i] for one in pairs) / n for i in (0, 1)]
    covariance = sum((y - means[0]) * (x - means[1]) for y, x in pairs) / n
    return (2 * math.sqrt(-covariance) if covariance <= 0 else None,)


def autocorr(rows: list[Row], window: int, least: int) -> Values:
    trades = [one for one in rows if one.trade and one.side]
    pairs = [
        (Fraction(x.signed), Fraction(y.signed)) for x, y in zip(trades, trades[1:]) if y.ts >= rows[-1].ts - window
    ]
    if len(pairs) < least:
        return (None,)
    squares = sum(x * x for x, _ in pairs) * sum(y * y for _, y in pairs)
    return (float(sum(x * y for x, y in pairs)) / math.sqrt(squares) if squares else None,)


def trade_rate(rows: list[Row], window: int) -> Values:
    return (sum(one.trade for one in within(rows, window)) / (window / 1e9),)


def cancel_rate(rows: list[Row], window: int) -> Values:
    return (sum(one.kind == DEPTH and one.qty < one.prev_qty for one in within(rows, window)) / (window / 1e9),)


def cvd(rows: list[Row]) -> Values:
    return (float(exact(one.signed for one in rows if one.trade)),)


def hawkes(rows: list[Row], halflife: int) -> Values:
    trades = [one for one in rows if one.trade]
    if not trades:
        return None, None, None
    decay = math.log(2) / (halflife / 1e9)
    ages = [(one, decay * math.exp(-decay * (rows[-1].ts - one.ts) / 1e9)) for one in trades]
    return (
        math.fsum(x for _, x in ages),
        math.fsum(x for one, x in ages if one.side > 0),
        math.fsum(x for one, x in ages if one.side < 0),
    )


def vpin(rows: list[Row], volume: float, buckets: int) -> Values:
    size, filled, delta, found = Fraction(volume), Fraction(), Fraction(), []
    for one in rows:
        if not (one.trade and one.side):
            continue
        rest = Fraction(one.qty)
        while rest >= size - filled:
            part = size - filled
            found.append(abs(delta + one.side * part))
            rest, filled, delta = rest - part, Fraction(), Fraction()
        filled, delta = filled + rest, delta + one.side * rest
    return (ratio(sum(found[-buckets:]), buckets * size) if len(found) >= buckets else None,)


def effective(rows: list[Row]) -> Values:
    for one in reversed(rows):
        middle = before(rows, one)
        if one.trade and one.side and middle is not None and middle > 0:
            value = 2 * one.side * (Fraction(one.px) - Fraction(middle))
            return float(value), ratio(10_000 * value, middle)
    return None, None


def markout(rows: list[Row], horizon: int) -> Values:
    found: Values = (None, None)
    for one in rows:
        if one.trade and one.side and rows[-1].ts > one.ts + horizon:
            then = [other for other in rows if other.ts <= one.ts + horizon][-1]
            if then.good and then.mid > 0:
                moved = one.side * (Fraction(then.mid) - Fraction(one.px))
                found = float(moved), ratio(10_000 * moved, one.px)
    return found


def realised(rows: list[Row], horizon: int) -> Values:
    (moved, _) = markout(rows, horizon)
    return (None if moved is None else -2 * moved,)
