"""Steps of the directional movement system: one move up, one down, and Wilder's sums of them."""

from __future__ import annotations

import math

from hq_core.jit import F8, State, inline
from hq_core.kernels.smooth import finite, true_range


@inline
def rise_of(up: float, down: float) -> float:
    """The move `up` where it is positive and the larger of the two, else 0; rise_of(down, up) is the fall."""
    return up if (up > 0.0) & (up > down) else 0.0


@inline
def directional(
    high: float,
    low: float,
    high_before: float,
    low_before: float,
    close_before: float,
    plus: float,
    minus: float,
    span: float,
    keep: float,
) -> tuple[float, float, float]:
    """One row of Wilder's three sums: directional moves up, down, and true ranges (Wilder 1978).

    keep   share of the sums that stays: 1 while they are seeded, afterwards (period - 1) / period
    """
    up = high - high_before
    down = low_before - low
    plus = plus * keep + rise_of(up, down)
    minus = minus * keep + rise_of(down, up)
    span = span * keep + true_range(high, low, close_before)
    return plus, minus, span


@inline
def imbalance(plus: float, minus: float, span: float, before: float) -> float:
    """100 |plus - minus| / (plus + minus); `before` where nothing has moved.

    The true ranges cancel out of the ratio of the two indicators and only say whether it is known.
    """
    total = plus + minus
    known = (total > 0.0) & (span > 0.0)
    return 100.0 * (abs(plus - minus) / total) if known else before


@inline
def movement(high: F8, low: F8, period: int, falls: bool, s: State, out: F8) -> None:
    """Wilder's sum of the moves down (falls) or up; see plus_dm for the columns and the state."""
    total = s.total
    high_before = s.high
    low_before = s.low
    seen = s.seen
    keep = (period - 1) / period
    ready = max(period, 2)
    for i in range(len(high)):
        known = finite(high[i] - low[i])  # one of two that is not makes the difference not
        if known:
            if seen > 0:
                up = high[i] - high_before
                down = low_before - low[i]
                stays = keep if seen == ready else 1.0
                total = total * stays + (rise_of(down, up) if falls else rise_of(up, down))
            high_before = high[i]
            low_before = low[i]
            seen = min(seen + 1, ready)
            known = seen == ready
        out[i] = total if known else math.nan
    s.total = total
    s.high = high_before
    s.low = low_before
    s.seen = seen


@inline
def share_of_range(high: F8, low: F8, close: F8, period: int, falls: bool, s: State, out: F8) -> None:
    """Wilder's sum of the moves down (falls) or up in percent of the true ranges; see plus_di for columns and state."""
    moved = s.moved
    span = s.span
    high_before = s.high
    low_before = s.low
    close_before = s.close
    scale = 100.0 if period > 1 else 1.0
    seen = s.seen
    keep = (period - 1) / period
    ready = period + 1
    for i in range(len(close)):
        known = finite(high[i] - low[i] + close[i])  # one of three that is not makes the sum not
        if known:
            stays = keep
            if seen < ready:  # the warm-up
                stays = keep if seen >= period else 1.0
                seen += 1
                known = seen == ready
            if seen > 1:
                plus, minus, span = directional(
                    high[i],
                    low[i],
                    high_before,
                    low_before,
                    close_before,
                    0.0 if falls else moved,
                    moved if falls else 0.0,
                    span,
                    stays,
                )
                moved = minus if falls else plus
            high_before = high[i]
            low_before = low[i]
            close_before = close[i]
        out[i] = (scale * (moved / span) if span > 0.0 else 0.0) if known else math.nan
    s.moved = moved
    s.span = span
    s.high = high_before
    s.low = low_before
    s.close = close_before
    s.seen = seen
