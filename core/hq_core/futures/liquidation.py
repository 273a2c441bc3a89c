"""When the mark liquidates a position or the account, and what is closed then."""

from __future__ import annotations

import math

from hq_core.futures.blocks import (
    BASE,
    CEILING,
    ENTRY,
    FLOOR,
    LOTS,
    LOWER,
    MARGIN,
    RESTING,
    SHORT,
    STANDS,
    SYMBOL_WIDTH,
    TIER,
    TIERS,
    UPPER,
)
from hq_core.futures.log import log_fill, log_liquidation
from hq_core.futures.margin import joint_liquidation, liquidation_price, maintenance
from hq_core.futures.orders import LIQUIDATION, cancel_all
from hq_core.futures.positions import close_side, gain, held, worth
from hq_core.jit import F8, I8, State, apart, inline

LIQUIDATIONS = "liquidations:i8 "


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


@apart
def liquidate_below(
    s: State, p: F8, r: F8, log: F8, tally: I8, at: int, mark: float, price: float, rate: F8, cum: F8
) -> None:
    """The mark has come down to `mark`: liquidate what it reaches, at a last price of `price`."""
    if mark > p[at + LOWER]:
        return
    line = p[at + LOWER]
    given = min(max(price, p[at + FLOOR]), p[at + CEILING])
    liquidate(s, p, r, log, tally, at, 1, mark, line, given)
    set_levels(s, p, at, rate, cum)


@apart
def liquidate_above(
    s: State, p: F8, r: F8, log: F8, tally: I8, at: int, mark: float, price: float, rate: F8, cum: F8
) -> None:
    """The mark has come up to `mark`: liquidate what it reaches, at a last price of `price`."""
    if mark < p[at + UPPER]:
        return
    line = p[at + UPPER]
    given = min(max(price, p[at + FLOOR]), p[at + CEILING])
    liquidate(s, p, r, log, tally, at, -1, mark, line, given)
    set_levels(s, p, at, rate, cum)
