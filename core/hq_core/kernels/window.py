"""Sums over the last n rows, without a subtraction and so without the rounding of what has left the window.

A ring of n slots holds one lap of rows. When a lap is full it is folded: each slot becomes the sum from that
row to the lap's end. A window that reaches into two laps is then one folded slot of the old lap plus the
running sum of the new one, which overwrites the slots that are no longer needed. So a row costs two
additions, a lap one more pass over the ring, and whatever leaves the window, a 1e17 tick or a nan, leaves
nothing behind. The running sum that subtracts the oldest row keeps 16 / n of such a tick for ever, and a nan
for ever.
"""
from __future__ import annotations

from hq_core.jit import F8, inline


@inline
def fold(ring: F8, size: int) -> None:
    """Replace each of the first `size` values by the sum from it to the last of them."""
    total = 0.0
    for i in range(size - 1, -1, -1):
        total += ring[i]
        ring[i] = total


@inline
def fold_moments(ring: F8, size: int, centre: float) -> None:
    """Fold pairs of slots: the value in the first of each becomes the sums of (value - centre) and of its
    square.

    With a centre that is itself a row of the window, `spread` of the window loses at most a factor `size` of
    precision, whatever the values are: the centre's own distance from the mean is part of the variance.
    """
    first = 0.0
    second = 0.0
    for i in range(2 * size - 2, -1, -2):
        apart = ring[i] - centre
        first += apart
        second += apart * apart
        ring[i] = first
        ring[i + 1] = second


@inline
def spread(first: float, second: float, share: float) -> float:
    """Sum of squared distances from the mean: sums of (x - centre) and of its square, share = 1 / rows; nan
    stays."""
    squares = second - first * (first * share)      # below 0 only where squares underflow, near 1e-160
    return 0.0 if squares < 0.0 else squares


@inline
def fold_pairs(ring: F8, size: int) -> None:
    """Fold two series that share the ring, the first in the even slots, the second in the odd ones."""
    first = 0.0
    second = 0.0
    for i in range(2 * size - 2, -1, -2):
        first += ring[i]
        second += ring[i + 1]
        ring[i] = first
        ring[i + 1] = second


@inline
def fold_weighted(ring: F8, size: int) -> None:
    """Fold pairs of slots: the value in the first of each becomes the sum from it to the lap's end, the second
    slot the same sum with the weights 1, 2, 3 ... from it on."""
    plain = 0.0
    weighted = 0.0
    for i in range(2 * size - 2, -1, -2):
        plain += ring[i]
        weighted += plain
        ring[i] = plain
        ring[i + 1] = weighted
