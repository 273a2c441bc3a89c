"""Sums as pairs of float64, so that the order of adding does not show in the result.

Each sum is an unevaluated pair hi + lo, fed by Knuth's TwoSum (The Art of Computer Programming 2, 4.2.2, theorem B),
which finds the rounding error of an addition exactly.  The errors are gathered in lo.  As long as they fit into it
(sum / smallest unit below 2^106, always so for traded quantities), hi + lo is the exact sum: it does not matter
whether a day is summed from trades, from minutes or from hours, and the one rounding at the end is the right one.
"""

from __future__ import annotations

from hq_core.jit import inline


@inline
def grow(hi: float, lo: float, x: float) -> tuple[float, float]:
    """(hi, lo) + x for hi >= 0 and x >= 0.

    Dekker's FastTwoSum (Numerische Mathematik 18, 1971) on the larger and the smaller of the two: as exact as TwoSum,
    and half the additions, which are what a sum of trades waits for.
    """
    total = hi + x
    return total, lo + (min(hi, x) - (total - max(hi, x)))


@inline
def pair_add(hi: float, lo: float, other_hi: float, other_lo: float) -> tuple[float, float]:
    """(hi, lo) + (other_hi, other_lo)."""
    total = hi + other_hi
    part = total - hi
    return total, (lo + other_lo) + ((hi - (total - part)) + (other_hi - part))
