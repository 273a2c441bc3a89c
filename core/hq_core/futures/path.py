"""The way of the last price inside a bar, and what it meets on it.

| path        | from the open to ...                                                  | a fill that opens |
|-------------|-----------------------------------------------------------------------|-------------------|
| pessimistic | the extreme that is adverse to the position, the other one, the close | begins it again   |
| optimistic  | the extreme in favour of the position, the other one, the close       | begins it again   |
| ohlc        | the extreme nearer to the open, the other one, the close              | lets it go on     |

Without a position, or with both sides of one, pessimistic takes the nearer extreme first and optimistic the farther
one; as near as each other, the low is, and the high the farther.  After a fill the position is the side that it opened.
"""

from __future__ import annotations

import math

from hq_core.futures.bars import cell
from hq_core.futures.blocks import BASE, CEILING, ENTRY, FLOOR, LOTS, LOWER, MARK, SHORT, STANDS, SYMBOL_WIDTH, UPPER
from hq_core.futures.liquidation import level_of, liquidate_at, reaches, set_levels, spare, stand_worst
from hq_core.futures.orders import meet
from hq_core.futures.positions import worth
from hq_core.futures.resting import follow, next_reached
from hq_core.jit import F8, I4, I8, State, apart, inline

PESSIMISTIC, OPTIMISTIC, OHLC = range(3)
ROUNDING = 1e-9  # of all that was added up: far more than sums of it can be off
# leg, goal: of the path, while it is walked: 1 to 3, and the price that it goes to; leg 0 elsewhere
PATH = "path:i8 leg:i8 goal "


@inline
def low_first(s: State, p: F8, at: int, price: float) -> bool:
    """Which extreme the path goes to first from a price."""
    long, short = p[at + LOTS] > 0.0, p[at + SHORT + LOTS] > 0.0
    down, up = price - p[at + FLOOR], p[at + CEILING] - price
    if s.path == OHLC or long == short:
        return down > up if s.path == OPTIMISTIC else down <= up
    adverse_first: bool = s.path == PESSIMISTIC
    return long == adverse_first


@apart
def withstands(
    s: State,
    p: F8,
    symbol: I4,
    high: F8,
    low: F8,
    close: F8,
    mark_high: F8,
    mark_low: F8,
    mark_close: F8,
    i: int,
    end: int,
    rate: F8,
    cum: F8,
) -> bool:
    """Whether it is plain that a cross account is not liquidated at any marks of the bars i..end-1, if nothing happens.

    What is left of all symbols together, each at its worst mark, is above 0: `spare` is concave in the price (of
    inverse contracts in 1/price), so that the worst is at an end.  Then no level is worked out, which takes a look at
    all others for each of them: the levels of these symbols are where no price comes.
    """
    left: float = s.wallet
    size = abs(left)
    for k in range(s.symbols if s.open > 0 else 0):
        at = k * SYMBOL_WIDTH
        held = p[at + BASE] + p[at + SHORT + BASE]
        if held > 0.0:
            left += spare(s, p, at, p[at + STANDS], rate, cum)
            size += held * (worth(s, p[at + STANDS]) + p[at + ENTRY] + p[at + SHORT + ENTRY])
    for j in range(i, end if s.open > 0 else i):
        at = symbol[j] * SYMBOL_WIDTH
        held = p[at + BASE] + p[at + SHORT + BASE]
        if held > 0.0:
            mark = cell(mark_close, j, close[j])
            least = min(cell(mark_low, j, low[j]), mark)
            greatest = max(cell(mark_high, j, high[j]), mark)
            worst = min(spare(s, p, at, least, rate, cum), spare(s, p, at, greatest, rate, cum))
            left += worst - spare(s, p, at, p[at + STANDS], rate, cum)
            size += held * max(worth(s, least), worth(s, greatest))
    if not left > ROUNDING * size:
        return False
    for j in range(i, end):
        at = symbol[j] * SYMBOL_WIDTH
        p[at + LOWER] = -math.inf
        p[at + UPPER] = math.inf
    return True


@apart
def walk(
    s: State,
    p: F8,
    r: F8,
    log: F8,
    tally: I8,
    at: int,
    open: float,
    close: float,
    mark_low: float,
    mark_high: float,
    rate: F8,
    cum: F8,
    top: F8,
) -> None:
    """Take the last price of a symbol through its bar."""
    price = open
    follow(s, r, at, price)
    low_now = low_first(s, p, at, price)
    leg = 0
    while leg < 3:
        falls = leg < 2 and low_now == (leg == 0)
        goal = close if leg == 2 else p[at + FLOOR] if falls else p[at + CEILING]
        s.leg = leg + 1
        s.goal = goal
        if leg < 2:
            mark = min(max(price, mark_low), mark_high)
            side = 1 if reaches(mark, p[at + LOWER], 1) else -1 if reaches(mark, p[at + UPPER], -1) else 0
            if side != 0:
                liquidate_at(s, p, r, log, tally, at, side, mark, mark, price, rate, cum, top)
                continue
        k = next_reached(s, r, at, price, goal, False)
        if leg < 2:
            side = 1 if falls else -1
            line, mark = level_of(p, at, side), mark_low if falls else mark_high
            if reaches(mark, line, side) and (k < 0 or reaches(s.reached, line, side)):
                price = min(max(min(price, line) if falls else max(price, line), p[at + FLOOR]), p[at + CEILING])
                follow(s, r, at, price)
                p[at + MARK] = min(max(price, mark_low), mark_high)
                liquidate_at(s, p, r, log, tally, at, side, mark, line, price, rate, cum, top)
                continue
        if k < 0:
            follow(s, r, at, goal)
            price = goal
            leg += 1
            continue
        price = s.reached
        follow(s, r, at, price)
        p[at + MARK] = min(max(price, mark_low), mark_high)
        p[at + STANDS] = p[at + MARK]
        s.opened = 0
        meet(s, p, r, log, tally, k, at, price, False)
        set_levels(s, p, at, rate, cum)
        if s.opened != 0 and s.path != OHLC:
            low_now = (s.opened > 0) == (s.path == PESSIMISTIC)
            leg = 0
    s.leg = 0
    stand_worst(s, p, at, rate, cum)
