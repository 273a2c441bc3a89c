"""Trades to bar bodies: the arithmetic of one period, over the cuts that `cut` has made.

A body is one row of float64: open, high, low, close, then a pair (hi, lo; see sums.py) for each of the sums of a bar
in the order of kinds.py.
"""

from __future__ import annotations

from hq_core.bars.sums import grow, pair_add
from hq_core.jit import F8, I1, I4, I8, State, inline, kernel
from hq_core.kinds import TOTALS

POSITIVE = 0x7FFFFFFFFFFFFFFF  # tells the compiler that an index is not counted from the end
WITHOUT_SIDES = 4 + 2 * len(TOTALS)  # values in a body without the sums by side
LARGEST = 1.7976931348623157e308

_PAIRS = "buy_hi sell_hi buy_lo sell_lo buyq_hi sellq_hi buyq_lo sellq_lo rest_hi rest_lo restq_hi restq_lo"


@kernel(state="good:i8")
def check_trades(price: F8, qty: F8, s: State) -> None:
    """s.good = how many rows from the first on have a usable price (finite, > 0), quantity (finite, >= 0) and value."""
    n = len(price)
    good = 0
    for i in range(n):  # counting instead of leaving early lets the compiler use vectors
        p = price[i]
        q = qty[i]
        good += (p > 0.0) & (q >= 0.0) & (p * q <= LARGEST)
    if good < n:
        good = 0
        while (price[good] > 0.0) & (qty[good] >= 0.0) & (price[good] * qty[good] <= LARGEST):
            good += 1
    s.good = good


@inline
def _one_side_each(price: F8, qty: F8, side: I1, start: int, end: int, s: State) -> None:
    """Rows whose side is known: every quantity goes to the buyers' or the sellers' pair, by multiplication.

    A branch on the side, which is as good as random, takes half as long again.
    """
    high = s.high
    low = s.low
    buy_hi, buy_lo, buyq_hi, buyq_lo = s.buy_hi, s.buy_lo, s.buyq_hi, s.buyq_lo
    sell_hi, sell_lo, sellq_hi, sellq_lo = s.sell_hi, s.sell_lo, s.sellq_hi, s.sellq_lo
    for k in range(end - start):
        i = (start + k) & POSITIVE
        p = price[i]
        q = qty[i]
        high = max(high, p)
        low = min(low, p)
        b = q * (0.5 + 0.5 * side[i])
        r = q - b
        buy_hi, buy_lo = grow(buy_hi, buy_lo, b)
        sell_hi, sell_lo = grow(sell_hi, sell_lo, r)
        buyq_hi, buyq_lo = grow(buyq_hi, buyq_lo, p * b)
        sellq_hi, sellq_lo = grow(sellq_hi, sellq_lo, p * r)
    s.high = high
    s.low = low
    s.buy_hi = buy_hi
    s.sell_hi = sell_hi
    s.buy_lo = buy_lo
    s.sell_lo = sell_lo
    s.buyq_hi = buyq_hi
    s.sellq_hi = sellq_hi
    s.buyq_lo = buyq_lo
    s.sellq_lo = sellq_lo


@inline
def _any_side(price: F8, qty: F8, side: I1, start: int, end: int, s: State) -> None:
    """Rows of which some have no known side (0): those go to a third pair, which counts in the total alone."""
    for k in range(end - start):
        i = (start + k) & POSITIVE
        p = price[i]
        q = qty[i]
        s.high = max(s.high, p)
        s.low = min(s.low, p)
        b = q * (side[i] > 0)
        r = q * (side[i] < 0)
        u = q * (side[i] == 0)
        s.buy_hi, s.buy_lo = grow(s.buy_hi, s.buy_lo, b)
        s.sell_hi, s.sell_lo = grow(s.sell_hi, s.sell_lo, r)
        s.rest_hi, s.rest_lo = grow(s.rest_hi, s.rest_lo, u)
        s.buyq_hi, s.buyq_lo = grow(s.buyq_hi, s.buyq_lo, p * b)
        s.sellq_hi, s.sellq_lo = grow(s.sellq_hi, s.sellq_lo, p * r)
        s.restq_hi, s.restq_lo = grow(s.restq_hi, s.restq_lo, p * u)


@inline
def _no_side(price: F8, qty: F8, start: int, end: int, s: State) -> None:
    high = s.high
    low = s.low
    rest_hi, rest_lo, restq_hi, restq_lo = s.rest_hi, s.rest_lo, s.restq_hi, s.restq_lo
    for k in range(end - start):
        i = (start + k) & POSITIVE
        p = price[i]
        q = qty[i]
        high = max(high, p)
        low = min(low, p)
        rest_hi, rest_lo = grow(rest_hi, rest_lo, q)
        restq_hi, restq_lo = grow(restq_hi, restq_lo, p * q)
    s.high = high
    s.low = low
    s.rest_hi, s.rest_lo, s.restq_hi, s.restq_lo = rest_hi, rest_lo, restq_hi, restq_lo


@inline
def _write(s: State, at: int, sides: int, body: F8) -> None:
    body[at] = s.open
    body[at + 1] = s.high
    body[at + 2] = s.low
    body[at + 3] = s.close
    hi, lo = pair_add(s.buy_hi, s.buy_lo, s.sell_hi, s.sell_lo)
    body[at + 4], body[at + 5] = pair_add(hi, lo, s.rest_hi, s.rest_lo)
    hi, lo = pair_add(s.buyq_hi, s.buyq_lo, s.sellq_hi, s.sellq_lo)
    body[at + 6], body[at + 7] = pair_add(hi, lo, s.restq_hi, s.restq_lo)
    body[at + 8] = float(s.trades)
    body[at + 9] = 0.0
    if sides:
        body[at + 10], body[at + 11] = s.buy_hi, s.buy_lo
        body[at + 12], body[at + 13] = s.buyq_hi, s.buyq_lo
        body[at + 14], body[at + 15] = s.sell_hi, s.sell_lo
        body[at + 16], body[at + 17] = s.sellq_hi, s.sellq_lo


@inline
def _clear(s: State) -> None:
    s.seen = 0
    s.trades = 0
    s.buy_hi = s.buy_lo = s.buyq_hi = s.buyq_lo = 0.0
    s.sell_hi = s.sell_lo = s.sellq_hi = s.sellq_lo = 0.0
    s.rest_hi = s.rest_lo = s.restq_hi = s.restq_lo = 0.0


@kernel(state="seen:i8 trades:i8 open high low close " + _PAIRS)
def fold_trades(
    price: F8, qty: F8, side: I1, trades: I4, stop: I8, closed: I8, cuts: int, width: int, body: F8, s: State
) -> None:
    """Add the rows to the open bar, and write its body at every cut.

    price, qty  (n,)   finite, > 0 and >= 0: `check_trades` has looked
    side        (n,)   +1 the buyer was the taker, -1 the seller, 0 unknown; or empty: no buy and sell columns
    trades      (n,)   exchange trades that the row stands for; or empty: 1 each
    stop        cut j comes after row stop[j] - 1
    closed      1 the bar ends at the cut, 0 it goes on (a provisional row)
    body        row j, `width` apart: the bar at cut j
    """
    n = len(price)
    start = 0
    for j in range(cuts + 1):
        end = stop[j] if j < cuts else n
        count = end - start
        if count > 0 and start >= 0:  # start is never negative: said for the compiler, which then vectorises
            if s.seen == 0:
                s.open = s.high = s.low = price[start]
            s.seen += count
            s.close = price[end - 1]
            if len(trades) == 0:
                s.trades += count
            else:
                exchange_trades = 0
                for i in range(start, end):
                    exchange_trades += trades[i]
                s.trades += exchange_trades
            if len(side) == 0:
                _no_side(price, qty, start, end, s)
            else:
                unknown = 0
                for i in range(start, end):
                    unknown += (side[i] != 1) & (side[i] != -1)
                if unknown:
                    _any_side(price, qty, side, start, end, s)
                else:
                    _one_side_each(price, qty, side, start, end, s)
            start = end
        if j < cuts:
            _write(s, j * width, width > WITHOUT_SIDES, body)
            if closed[j]:
                _clear(s)
