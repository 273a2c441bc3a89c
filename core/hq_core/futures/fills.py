"""At which price a fill is made, and how much of an order a bar can fill."""

from __future__ import annotations

import math

from hq_core.futures.blocks import (
    ASK_LOTS,
    BID_LOTS,
    CAPACITY,
    CEILING,
    CONTRACT,
    FLOOR,
    HALF,
    LOT_DEN,
    LOT_NUM,
    VOLUME,
)
from hq_core.futures.margin import lots_within
from hq_core.futures.positions import MOST_LOTS, contracts_of
from hq_core.jit import F8, State, apart, inline

NO_IMPACT, LINEAR, SQUARE_ROOT = 0, 1, 2
# off: what a taker gives away for sure, as a share of the price; share: of a bar's volume that may be filled, 0 any
FILLS = "off impact:i8 impact_coefficient share "


@inline
def within(p: F8, at: int, price: float, buy: bool, worst: float) -> float:
    """A price as far as the bar has it, and not beyond `worst`, nan for none."""
    held = min(max(price, p[at + FLOOR]), p[at + CEILING])
    if not math.isnan(worst):
        held = min(held, worst) if buy else max(held, worst)
    return held


@inline
def across(p: F8, at: int, price: float, buy: bool, worst: float) -> float:
    """A price with half the spread of the last quote, which may lie outside of the bar, but not beyond `worst`."""
    half = p[at + HALF]
    if half == 0.0:
        return price
    given = price * (1.0 + half) if buy else price * (1.0 - half)
    if not math.isnan(worst):
        given = min(given, worst) if buy else max(given, worst)
    return given


@apart
def sure_price(s: State, p: F8, at: int, price: float, buy: bool, worst: float) -> float:
    """What a taker pays or gets before the impact of its quantity; worst: its limit, or nan."""
    given = price
    if s.off != 0.0:
        given = within(p, at, price * (1.0 + s.off) if buy else price * (1.0 - s.off), buy, worst)
    return across(p, at, given, buy, worst)


@apart
def taken_price(s: State, p: F8, at: int, price: float, buy: bool, lots: int, worst: float) -> float:
    """What a taker pays or gets: slippage, half the spread and the impact of its quantity."""
    if s.off == 0.0 and s.impact == NO_IMPACT:
        return across(p, at, price, buy, worst)
    away: float = s.off
    if s.impact != NO_IMPACT and p[at + VOLUME] > 0.0:
        part = contracts_of(p, at, lots) * p[at + CONTRACT] / p[at + VOLUME]
        away += s.impact_coefficient * (part if s.impact == LINEAR else math.sqrt(part))
    return across(p, at, within(p, at, price * (1.0 + away) if buy else price * (1.0 - away), buy, worst), buy, worst)


@inline
def set_capacity(s: State, p: F8, at: int) -> None:
    """How many lots the bar at hand can fill of the symbol's orders; any number where its volume is not known."""
    p[at + CAPACITY] = MOST_LOTS
    if s.share > 0.0 and not math.isnan(p[at + VOLUME]):
        each = p[at + CONTRACT]
        p[at + CAPACITY] = lots_within(s.share * p[at + VOLUME], each, p[at + LOT_NUM], p[at + LOT_DEN])


@inline
def left_to_fill(s: State, p: F8, at: int, buy: bool, taker: bool) -> int:
    """How many lots can fill now: what the bar has left, and for a taker what its side of the last quote has."""
    can = int(p[at + CAPACITY])
    if s.quotes != 0 and taker:
        can = min(can, int(p[at + (ASK_LOTS if buy else BID_LOTS)]))
    return can


@inline
def use_up(p: F8, at: int, buy: bool, taker: bool, lots: int) -> None:
    """So many lots have filled."""
    p[at + CAPACITY] -= lots
    if taker:
        p[at + (ASK_LOTS if buy else BID_LOTS)] -= lots
