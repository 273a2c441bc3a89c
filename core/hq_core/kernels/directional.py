"""Steps of the directional movement system: one move up, one down, and Wilder's sums of them."""
from __future__ import annotations

from hq_core.jit import inline
from hq_core.kernels.smooth import true_range


@inline
def rise_of(up: float, down: float) -> float:
    """The move `up` where it is positive and the larger of the two, else 0; rise_of(down, up) is the fall."""
    return up if (up > 0.0) & (up > down) else 0.0


@inline
def directional(
    high: float, low: float, high_before: float, low_before: float, close_before: float,
    plus: float, minus: float, span: float, keep: float,
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
