"""What becomes of an order: each one ends as exactly one of filled, cut, ignored or rejected."""

from __future__ import annotations

import math

from hq_core.futures.positions import (
    CUT_BRACKET,
    CUT_MARGIN,
    CUT_POSITION,
    FLIP,
    SIGNAL,
    held,
    order_lots,
    room_by_bracket,
    room_by_margin,
)
from hq_core.jit import State, inline
from hq_core.kinds import VERBS

# The orders that wait for their fill (nan = none), how many they are, and how all of them ended.
ORDERS = (
    " ".join(f"want_{verb}" for verb in VERBS) + " waiting:i8 orders:i8 filled:i8 "
    "cut_margin:i8 cut_bracket:i8 cut_position:i8 "
    "ignored_conflict:i8 ignored_pyramid:i8 ignored_flat:i8 ignored_bankrupt:i8 "
    "rejected_size:i8 rejected_margin:i8 rejected_bracket:i8 "
)
OUTCOMES = {
    "cut": ("margin", "bracket", "position"),
    "ignored": ("conflict", "pyramid", "flat", "bankrupt"),
    "rejected": ("size", "margin", "bracket"),
}
# A row's orders are at most six fills: two closes, two opens, and a flip before each open.
STEPS = 6
NOTHING, OPEN, CLOSE, FLIP_FIRST = 0, 1, 2, 3
ONE_WAY, ONE_WAY_SIDE = (CLOSE, CLOSE, FLIP_FIRST, OPEN, FLIP_FIRST, OPEN), (1, -1, 1, 1, -1, -1)
HEDGE, HEDGE_SIDE = (OPEN, CLOSE, OPEN, CLOSE, NOTHING, NOTHING), (1, -1, -1, 1, 1, 1)


@inline
def count_orders(open_long: float, close_long: float, open_short: float, close_short: float) -> int:
    """How many of a row's four cells hold an order."""
    return (
        int(not math.isnan(open_long))
        + int(not math.isnan(close_long))
        + int(not math.isnan(open_short))
        + int(not math.isnan(close_short))
    )


@inline
def contradict(s: State, open_long: float, close_long: float, open_short: float, close_short: float) -> bool:
    """Whether a row both opens and closes one side or, in one-way mode, opens both sides."""
    long, short = not math.isnan(open_long), not math.isnan(open_short)
    both = (long and not math.isnan(close_long)) or (short and not math.isnan(close_short))
    return both or (s.hedge == 0 and long and short)


@inline
def take(s: State, open_long: float, close_long: float, open_short: float, close_short: float) -> None:
    """Let a row's orders wait for their fill."""
    s.want_open_long = open_long
    s.want_close_long = close_long
    s.want_open_short = open_short
    s.want_close_short = close_short
    s.waiting = count_orders(open_long, close_long, open_short, close_short)


@inline
def open_size(s: State, size: float) -> float:
    """An opening order's size; without one, the account's size, inf where everything is to be opened."""
    return s.size if size == math.inf and s.size > 0.0 else size


@inline
def lots_to_open(s: State, side: int, size: float, price: float, mark: float) -> tuple[int, int]:
    """The lots of an opening order that margin and bracket allow, and the reason of the fill; counts its end."""
    adds = s.long_adds if side > 0 else s.short_adds
    if held(s, side) > 0 and adds >= s.pyramid:
        s.ignored_pyramid += 1
        return 0, SIGNAL
    lots = order_lots(s, size, price)
    if lots == 0:
        s.rejected_size += 1
        return 0, SIGNAL
    by_margin = room_by_margin(s, price, mark)
    by_bracket = room_by_bracket(s, side, price)
    room = min(by_margin, by_bracket)
    if room == 0:
        if by_margin == 0:
            s.rejected_margin += 1
        else:
            s.rejected_bracket += 1
        return 0, SIGNAL
    if lots <= room or size == math.inf:
        s.filled += 1
        return min(lots, room), SIGNAL
    if by_margin <= by_bracket:
        s.cut_margin += 1
        return room, CUT_MARGIN
    s.cut_bracket += 1
    return room, CUT_BRACKET


@inline
def lots_to_close(s: State, side: int, size: float, price: float) -> tuple[int, int]:
    """The lots of a closing order that there are, without a size all of them, and the reason of the fill."""
    there = held(s, side)
    if there == 0:
        s.ignored_flat += 1
        return 0, SIGNAL
    lots = order_lots(s, size, price)
    if lots == 0:
        s.rejected_size += 1
        return 0, SIGNAL
    if lots <= there or size == math.inf:
        s.filled += 1
        return min(lots, there), SIGNAL
    s.cut_position += 1
    return there, CUT_POSITION


@inline
def order_step(s: State, step: int, price: float, mark: float) -> tuple[int, int, bool, int]:
    """One of the STEPS steps of the waiting orders: lots to fill (0: none), side, whether it opens, reason.

    One-way mode closes before it opens, and an open against the other side closes that first, whole.  Hedge mode
    opens the new side before it closes the old one, so the margin for both must be there.
    """
    verb = HEDGE[step] if s.hedge != 0 else ONE_WAY[step]
    side = HEDGE_SIDE[step] if s.hedge != 0 else ONE_WAY_SIDE[step]
    if verb == CLOSE:
        size = s.want_close_long if side > 0 else s.want_close_short
        if math.isnan(size):
            return 0, side, False, SIGNAL
        lots, reason = lots_to_close(s, side, size, price)
        return lots, side, False, reason
    size = open_size(s, s.want_open_long if side > 0 else s.want_open_short)
    if verb == NOTHING or math.isnan(size):
        return 0, side, False, SIGNAL
    if verb == FLIP_FIRST:
        against = held(s, -side) if order_lots(s, size, price) > 0 else 0
        return against, -side, False, FLIP
    lots, reason = lots_to_open(s, side, size, price, mark)
    return lots, side, True, reason
