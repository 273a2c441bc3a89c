"""What the account reads of a bar, and what can be wrong with it."""

from __future__ import annotations

import math

from hq_core.futures.blocks import TICK_DEN, TICK_NUM
from hq_core.jit import F8, apart, inline
from hq_core.kinds import BAR, MARKS, PLAIN

# The columns that the account reads, as (name, type): those of every bar, and those that it may lack
READ = (
    *(col for col in BAR.cols if col[0] in PLAIN or col[0] == "volume"),
    *((mark.name, mark.type) for mark in MARKS),
)
MAY_LACK = tuple(name for name, _ in READ if name not in dict(BAR.required))
BAD_BAR, OFF_TICK, CONFLICTS, BACKWARDS, NO_QUOTE, UNPAID = 1, 2, 3, 4, 5, 6


@inline
def said(value: float, absent: float) -> float:
    """A value, or what holds where it is nan.

    In a loop over many rows a column that may be missing is replaced before it: what is missing is else asked for in
    each row or, worse, read under a mask, which takes hundreds of cycles.
    """
    return absent if math.isnan(value) else value


@inline
def cell(column: F8, i: int, absent: float) -> float:
    """A row's value in a column that may be missing (no rows) or empty here (nan)."""
    return absent if len(column) == 0 else said(column[i], absent)


@inline
def on_tick(p: F8, at: int, price: float, way: float) -> float:
    """The nearest price on the tick: of any (way 0), of those not above it (-1) or not below it (1); at least one tick.

    What is off by less than 1e-9 of it is on the tick.
    """
    ticks: float = price * p[at + TICK_DEN] / p[at + TICK_NUM]
    near = float(math.floor(ticks + 0.5))
    if way < 0.0 and near > ticks + 1e-9 * max(1.0, ticks):
        near -= 1.0
    elif way > 0.0 and near < ticks - 1e-9 * max(1.0, ticks):
        near += 1.0
    return max(near, 1.0) * p[at + TICK_NUM] / p[at + TICK_DEN]


@inline
def off_tick(p: F8, at: int, price: float) -> bool:
    """Whether a price is not a multiple of the tick, but for 1e-9 of it."""
    ticks: float = price * p[at + TICK_DEN] / p[at + TICK_NUM]
    return abs(ticks - math.floor(ticks + 0.5)) > 1e-9 * max(1.0, ticks)


@apart
def off_ticks(p: F8, at: int, open: float, high: float, low: float, close: float) -> bool:
    """As `off_tick`, of any of a bar's prices."""
    return off_tick(p, at, open) or off_tick(p, at, high) or off_tick(p, at, low) or off_tick(p, at, close)


@inline
def sound(open: float, high: float, low: float, close: float) -> bool:
    """Whether a bar's prices can be."""
    return (low > 0.0) & (low <= open) & (open <= high) & (high < math.inf) & (low <= close) & (close <= high)


@inline
def wrong(p: F8, at: int, open: float, high: float, low: float, close: float) -> int:
    """0, or what is wrong with a bar's prices; without a tick tick_num is 0."""
    if not sound(open, high, low, close):
        return BAD_BAR
    return OFF_TICK if p[at + TICK_NUM] != 0.0 and off_ticks(p, at, open, high, low, close) else 0
