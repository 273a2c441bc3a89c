"""What happened, in the order in which it happened: rows of the log, from which the rows of each kind are taken.

Behind what all have, the values stand in the order of the kind's columns: see rows.py.
"""

from __future__ import annotations

import math

from hq_core.futures.blocks import (
    BASE,
    CONTRACTS,
    ENTRY,
    FILLED,
    L_KIND,
    L_SIDE,
    L_SYMBOL,
    L_TIME,
    L_TS,
    L_VALUES,
    LEVERAGE,
    LIQUIDATED,
    LOG_VALUES,
    LOG_WIDTH,
    LOTS,
    LOWER,
    MARGIN,
    MARK,
    NOTED,
    O_DONE,
    O_ID,
    O_LEFT,
    O_PAID,
    ORDER_WIDTH,
    PAID,
    POSITION,
    STATE,
    SYMBOL_WIDTH,
    TOUCHED,
    UPPER,
)
from hq_core.futures.positions import contracts_of, gain, price_of, side_at, worth
from hq_core.jit import F8, State, apart, inline

# logged: rows so far of this call; now, moment: bits of the ts of the bar, and of the instant of what happens; explain:
# how many fills are still to come up to the one that is noted, 0: none is
LOG = "logged:i8 now moment explain:i8 "

# Rows of the log that one order can make in one bar at most: of itself and of three that it brings along a fill, a
# flip, a state and a liquidation each; and rows of orders that it can become
LOG_PER_ORDER, LOG_PER_SYMBOL, ROWS_PER_ORDER = 24, 8, 5
LOG_PER_STEP = 4  # a fill and a liquidation of either side, for each tier that a bar can bring it down


@inline
def room(s: State, orders: int, payments: int) -> tuple[int, int]:
    """How many numbers of the rows of orders, and of the log, the next bars of one ts can need at most.

    orders    that rest or wait;  payments: rows of funding that wait
    """
    rows = LOG_PER_ORDER * (orders + 1) + (LOG_PER_SYMBOL + LOG_PER_STEP * s.steps) * s.symbols + 2 * payments
    return ROWS_PER_ORDER * (orders + 1) * ORDER_WIDTH, rows * LOG_WIDTH


@inline
def begin_row(s: State, log: F8, kind: int, at: int, side: int) -> int:
    """A row of the log with what every kind has; where its own values begin."""
    row: int = s.logged * LOG_WIDTH
    s.logged += 1
    log[row + L_KIND] = kind
    log[row + L_TS] = s.now
    log[row + L_TIME] = s.moment
    log[row + L_SYMBOL] = at // SYMBOL_WIDTH
    log[row + L_SIDE] = side
    return row + L_VALUES


@inline
def touch(p: F8, at: int, side: int) -> None:
    """Something has happened to what is held on a side."""
    p[at + TOUCHED] = int(p[at + TOUCHED]) | (1 if side > 0 else 2)


@apart
def log_fill(
    s: State, p: F8, r: F8, log: F8, k: int, at: int, side: int, opens: bool, taker: bool, reason: int
) -> None:
    """The fill just made, by the order at `k`; -1: by none"""
    touch(p, at, side)
    v = begin_row(s, log, FILLED, at, side)
    log[v] = r[k + O_ID] if k >= 0 else 0.0
    log[v + 1] = (1 if opens else 2) + (0 if side > 0 else 2)
    log[v + 2] = s.fill_price
    log[v + 3] = s.fill_quantity
    log[v + 4] = s.fill_fee
    log[v + 5] = s.fill_realised
    log[v + 6] = s.fill_position
    log[v + 7] = 1.0 if taker else 0.0
    log[v + 8] = reason
    if s.explain > 0:
        s.explain -= 1
        if s.explain == 0:
            note(s, p, r, log, k, at, side)


@apart
def note(s: State, p: F8, r: F8, log: F8, k: int, at: int, side: int) -> None:
    """All that the fill just made was made of, as it is before anything else is done: see explain.py."""
    v = begin_row(s, log, NOTED, at, side)
    log[v] = s.fill_met
    log[v + 1] = s.leg
    log[v + 2] = s.goal
    log[v + 3] = s.had
    log[v + 4] = s.had_entry
    log[v + 5] = s.had_margin
    log[v + 6] = s.had_wallet
    log[v + 7] = s.wallet
    log[v + 8] = s.open
    log[v + 9] = 1.0 if k >= 0 else 0.0
    rows = ORDER_WIDTH if k >= 0 else 0
    for i in range(rows + s.symbols * SYMBOL_WIDTH):
        if i % LOG_VALUES == 0:
            v = begin_row(s, log, NOTED, at, side)
        log[v + i % LOG_VALUES] = r[k + i] if i < rows else p[i - rows]


@inline
def log_order(
    s: State, p: F8, log: F8, at: int, side: int, name: float, state: int, done: int, left: float, mean: float, why: int
) -> None:
    """Where an order stands now: its id, lots done and left, -1 while they are not known, and their mean price."""
    v = begin_row(s, log, STATE, at, side)
    log[v] = name
    log[v + 1] = state
    log[v + 2] = contracts_of(p, at, done)
    log[v + 3] = contracts_of(p, at, int(left)) if left >= 0.0 else math.nan
    log[v + 4] = mean
    log[v + 5] = why


@apart
def log_state(s: State, p: F8, r: F8, log: F8, k: int, at: int, side: int, state: int, reason: int) -> None:
    """Where the order at `k` stands now."""
    done = int(r[k + O_DONE])
    mean = r[k + O_PAID] / done if done > 0 else math.nan
    log_order(s, p, log, at, side, r[k + O_ID], state, done, r[k + O_LEFT], mean, reason)


@apart
def log_liquidation(s: State, log: F8, at: int, side: int, mark: float, level: float) -> None:
    """The fill just made, as the liquidation that it was; level: the mark that liquidates."""
    v = begin_row(s, log, LIQUIDATED, at, side)
    log[v] = mark
    log[v + 1] = level
    log[v + 2] = s.fill_price
    log[v + 3] = s.fill_quantity
    log[v + 4] = s.fill_fee - s.fill_realised - s.fill_insurance
    log[v + 5] = s.fill_insurance
    log[v + 6] = s.periods


@apart
def log_payment(s: State, p: F8, log: F8, at: int, side: int, rate: float, quantity: float, amount: float) -> None:
    touch(p, at, side)
    v = begin_row(s, log, PAID, at, side)
    log[v] = rate
    log[v + 1] = quantity
    log[v + 2] = amount


@apart
def log_positions(s: State, p: F8, log: F8) -> None:
    """The sides of which something has happened, as they are now."""
    for k in range(s.symbols):
        at = k * SYMBOL_WIDTH
        if p[at + TOUCHED] == 0.0:
            continue
        for which in range(2):
            side = 1 if which == 0 else -1
            if int(p[at + TOUCHED]) & (1 if side > 0 else 2) == 0:
                continue
            h = side_at(at, side)
            v = begin_row(s, log, POSITION, at, side)
            any_held = p[h + LOTS] > 0.0
            log[v] = p[h + CONTRACTS]
            log[v + 1] = price_of(s, p[h + ENTRY]) if any_held else math.nan
            log[v + 2] = p[at + MARK]
            log[v + 3] = gain(s, p, at, side, p[at + MARK]) + 0.0  # never -0
            each = worth(s, p[at + MARK])
            log[v + 4] = p[h + MARGIN] if s.cross == 0 else p[h + BASE] * each / p[at + LEVERAGE]
            log[v + 5] = p[at + LEVERAGE]
            line = p[at + LOWER] if side > 0 else p[at + UPPER]
            log[v + 6] = line if any_held and abs(line) != math.inf else math.nan
        p[at + TOUCHED] = 0.0
