"""When the mark liquidates a position or the account, and what is closed then."""

from __future__ import annotations

import math

from hq_core.futures.blocks import (
    BASE,
    CEILING,
    CONTRACT,
    ENTRY,
    FLOOR,
    GREATEST_MARK,
    LEAST_MARK,
    LOT_DEN,
    LOT_NUM,
    LOTS,
    LOWER,
    MARGIN,
    MARK,
    RESTING,
    SHORT,
    STANDS,
    STEPPED,
    SYMBOL_WIDTH,
    TIER,
    TIERS,
    UPPER,
)
from hq_core.futures.log import log_fill, log_liquidation
from hq_core.futures.margin import joint_liquidation, liquidation_price, lots_within, maintenance
from hq_core.futures.orders import LIQUIDATION, cancel_all
from hq_core.futures.positions import close_side, gain, held, side_at, worth
from hq_core.jit import F8, I8, State, apart, inline

# by_tier: 1 where a liquidation goes tier by tier; steps: that many at most of a side in one bar, 0 where it is whole;
# stepped: some side has been in this bar
LIQUIDATIONS = "liquidations:i8 by_tier:i8 steps:i8 stepped:i8 "


@apart
def spare(s: State, p: F8, at: int, price: float, rate: F8, cum: F8) -> float:
    """Result of a symbol's positions at a mark, less the maintenance margin that they need there."""
    first, tiers = int(p[at + TIER]), int(p[at + TIERS])
    each = worth(s, price)
    left = 0.0
    if p[at + LOTS] > 0.0:
        left += gain(s, p, at, 1, price) - maintenance(p[at + BASE] * each, rate, cum, first, tiers)
    if p[at + SHORT + LOTS] > 0.0:
        left += gain(s, p, at, -1, price) - maintenance(p[at + SHORT + BASE] * each, rate, cum, first, tiers)
    return left


@apart
def stand_worst(s: State, p: F8, at: int, rate: F8, cum: F8) -> None:
    """Let a symbol stand, for others, at that end of its marks which is worse for what is held of it."""
    low, high = p[at + LEAST_MARK], p[at + GREATEST_MARK]
    long, short = p[at + LOTS] > 0.0, p[at + SHORT + LOTS] > 0.0
    if long and short:
        short = spare(s, p, at, high, rate, cum) < spare(s, p, at, low, rate, cum)
    p[at + STANDS] = high if short else low


@inline
def spare_elsewhere(s: State, p: F8, at: int, rate: F8, cum: F8) -> float:
    """As `spare`, of all other symbols at the marks at which they stand."""
    left = 0.0
    if s.symbols > 1:
        for k in range(s.symbols):
            other = k * SYMBOL_WIDTH
            if other != at and p[other + LOTS] + p[other + SHORT + LOTS] > 0.0:
                left += spare(s, p, other, p[other + STANDS], rate, cum)
    return left


@apart
def set_levels(s: State, p: F8, at: int, rate: F8, cum: F8) -> None:
    """Work out the marks at which a symbol's positions, or with it the account, are liquidated."""
    first, tiers = int(p[at + TIER]), int(p[at + TIERS])
    # of inverse contracts an inverse long is a short in 1/price: the sides change places, and so do the levels
    a, b = (at + SHORT, at) if s.inverse != 0 else (at, at + SHORT)
    falls, rises = -math.inf, math.inf
    own = s.wallet + (spare_elsewhere(s, p, at, rate, cum) if s.cross != 0 else 0.0)
    if s.cross != 0 and p[a + LOTS] > 0.0 and p[b + LOTS] > 0.0:
        falls, rises = joint_liquidation(
            own, p[a + BASE], p[a + ENTRY], p[b + BASE], p[b + ENTRY], rate, cum, first, tiers
        )
    else:
        if p[a + LOTS] > 0.0:
            mine = own if s.cross != 0 else p[a + MARGIN]
            falls = liquidation_price(1, p[a + BASE], p[a + ENTRY], mine, 0.0, rate, cum, first, tiers)
        if p[b + LOTS] > 0.0:
            mine = own if s.cross != 0 else p[b + MARGIN]
            rises = liquidation_price(-1, p[b + BASE], p[b + ENTRY], mine, 0.0, rate, cum, first, tiers)
    if s.inverse != 0:
        falls, rises = (1.0 / rises if rises > 0.0 else math.inf), (1.0 / falls if falls > 0.0 else math.inf)
        if falls == 0.0:
            falls = -math.inf
    p[at + LOWER] = falls
    p[at + UPPER] = rises


@inline
def level_of(p: F8, at: int, side: int) -> float:
    """The mark that liquidates a side of a symbol, or with it the account."""
    level: float = p[at + LOWER] if side > 0 else p[at + UPPER]
    return level


@inline
def reaches(mark: float, level: float, side: int) -> bool:
    """Whether a mark is at the level of a side or past it."""
    return mark <= level if side > 0 else mark >= level


@apart
def liquidate(
    s: State, p: F8, r: F8, log: F8, tally: I8, at: int, side: int, mark: float, line: float, price: float
) -> None:
    """Close a side that is liquidated, whole; in cross margin all sides of the account, others at their marks.

    mark   where the mark is; line: the mark that liquidates; price: of the fill
    """
    cancel_all(
        s, p, r, log, tally, -1 if s.cross != 0 else at, side if s.hedge > s.cross else 0, RESTING, -1, LIQUIDATION
    )
    for k in range(s.symbols):
        other = k * SYMBOL_WIDTH
        if other != at and s.cross == 0:
            continue
        for which in range(2):
            of = 1 if which == 0 else -1
            lots = held(p, other, of)
            if lots == 0 or (s.cross == 0 and of != side):
                continue
            here = other == at
            given = price if here else min(max(p[other + STANDS], p[other + FLOOR]), p[other + CEILING])
            close_side(s, p, other, of, lots, given, s.taker + s.liquidation_fee, True)
            s.fill_met = given
            log_fill(s, p, r, log, -1, other, of, False, True, LIQUIDATION)
            log_liquidation(s, log, other, of, mark if here else p[other + STANDS], line if here else p[other + STANDS])
            s.liquidations += 1


@inline
def notional_at(s: State, p: F8, at: int, side: int, mark: float) -> float:
    worth_of_one: float = worth(s, mark)
    return p[side_at(at, side) + BASE] * worth_of_one


@inline
def kept_lots(s: State, p: F8, at: int, side: int, mark: float, top: F8) -> int:
    """The lots that a step leaves of a side at a mark; 0: it goes whole."""
    first, tiers = int(p[at + TIER]), int(p[at + TIERS])
    notional = notional_at(s, p, at, side, mark)
    tier = 0
    while tier < tiers - 1 and notional > top[first + tier]:
        tier += 1
    stepped = at + STEPPED + (0 if side > 0 else 1)
    if p[stepped] > 0.0:
        tier = min(tier, int(p[stepped]) - 1)
    p[stepped] = max(tier, 1)
    s.stepped = 1
    if tier == 0:
        return 0
    return lots_within(top[first + tier - 1], p[at + CONTRACT] * worth(s, mark), p[at + LOT_NUM], p[at + LOT_DEN])


@apart
def step_down(
    s: State, p: F8, r: F8, log: F8, at: int, side: int, mark: float, told: float, line: float, price: float, top: F8
) -> None:
    """Close as much of a side as brings it into the next lower tier at a mark, whole where there is none.

    told, line   the marks of its row of liquidation: where it goes, and which one liquidates
    """
    lots = held(p, at, side)
    close_side(s, p, at, side, lots - kept_lots(s, p, at, side, mark, top), price, s.taker + s.liquidation_fee, True)
    s.fill_met = price
    log_fill(s, p, r, log, -1, at, side, False, True, LIQUIDATION)
    log_liquidation(s, log, at, side, told, line)
    s.liquidations += 1


@apart
def largest(s: State, p: F8, at: int, mark: float, rate: F8, cum: F8) -> int:
    """Of the positions of a cross account that with the largest maintenance margin, of equals the first: twice the
    number of its symbol, 1 more of a short; `at` is at a mark, all others where they stand.  -1: there are none."""
    found, most = -1, -1.0
    for k in range(s.symbols):
        other = k * SYMBOL_WIDTH
        for which in range(2):
            side = 1 if which == 0 else -1
            if held(p, other, side) == 0:
                continue
            notional = notional_at(s, p, other, side, mark if other == at else p[other + STANDS])
            needs = maintenance(notional, rate, cum, int(p[other + TIER]), int(p[other + TIERS]))
            if needs > most:
                found, most = 2 * k + which, needs
    return found


@apart
def liquidate_by_tier(
    s: State,
    p: F8,
    r: F8,
    log: F8,
    tally: I8,
    at: int,
    side: int,
    mark: float,
    worst: float,
    price: float,
    rate: F8,
    cum: F8,
    top: F8,
) -> None:
    """Close a side step by step until its level is not reached any more; in cross margin positions of the account until
    its margin balance is above its maintenance margin.

    mark, price   where mark and last price are, of `at`; others stand at their marks
    worst         to where that mark goes
    """
    cancel_all(
        s, p, r, log, tally, -1 if s.cross != 0 else at, side if s.hedge > s.cross else 0, RESTING, -1, LIQUIDATION
    )
    line = level_of(p, at, side)
    beyond = True
    while beyond:
        if s.cross == 0:
            step_down(s, p, r, log, at, side, mark, worst, line, price, top)
            set_levels(s, p, at, rate, cum)
            line = level_of(p, at, side)
            beyond = held(p, at, side) > 0 and reaches(mark, line, side)
        else:
            which = largest(s, p, at, mark, rate, cum)
            other = which // 2 * SYMBOL_WIDTH
            of = 1 if which % 2 == 0 else -1
            if other == at:
                step_down(s, p, r, log, at, of, mark, worst, line, price, top)
            else:
                stands = p[other + STANDS]
                given = min(max(stands, p[other + FLOOR]), p[other + CEILING])
                step_down(s, p, r, log, other, of, given, stands, stands, given, top)
                stand_worst(s, p, other, rate, cum)  # without what has gone it may be the other end
            left = s.wallet + spare(s, p, at, mark, rate, cum) + spare_elsewhere(s, p, at, rate, cum)
            beyond = s.open > 0 and left <= 0.0
    set_levels(s, p, at, rate, cum)


@apart
def liquidate_at(
    s: State,
    p: F8,
    r: F8,
    log: F8,
    tally: I8,
    at: int,
    side: int,
    mark: float,
    now: float,
    price: float,
    rate: F8,
    cum: F8,
    top: F8,
) -> None:
    """The mark goes to `mark`, past the level of a side, and is at `now`: liquidate, at a last price of `price`.

    It does not ask whether it is past: who walks on after it would otherwise find the level where it was.
    """
    line = level_of(p, at, side)
    p[at + MARK] = now
    p[at + STANDS] = now
    given = min(max(price, p[at + FLOOR]), p[at + CEILING])
    if s.by_tier != 0:
        liquidate_by_tier(s, p, r, log, tally, at, side, now, mark, given, rate, cum, top)
        return
    liquidate(s, p, r, log, tally, at, side, mark, line, given)
    set_levels(s, p, at, rate, cum)


@inline
def liquidate_reached(
    s: State, p: F8, r: F8, log: F8, tally: I8, at: int, price: float, rate: F8, cum: F8, top: F8
) -> bool:
    """Liquidate what the mark of a symbol is past, where it is, at a last price; whether there was any."""
    found = False
    for which in range(2):
        side = 1 if which == 0 else -1
        mark = p[at + MARK]
        if reaches(mark, level_of(p, at, side), side):
            liquidate_at(s, p, r, log, tally, at, side, mark, mark, price, rate, cum, top)
            found = True
    return found
