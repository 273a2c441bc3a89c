"""The last values of a series as a vector: oldest first, normalised, rounded to float32."""

from __future__ import annotations

import math

from hq_core.jit import F4, F8, inline

METHODS = ("none", "zscore", "minmax", "l2", "first")  # by the number that kernels know them by
NONE, ZSCORE, MINMAX, L2, FIRST = range(5)


@inline
def vector_of(ring: F8, base: int, length: int, head: int, method: int, out: F4, at: int) -> bool:
    """Write the vector of a window to out[at : at + length]; whether it has a form: else it is zeros.

    ring    from base on (length,) the values, all finite, the oldest at base + head
    method  zscore: (x - mean) / standard deviation; minmax: (x - least) / (most - least); l2: x / length of x;
            first: x / first value - 1; none: x.  Where that would divide by 0, as zscore in a window in which
            nothing has moved, all is 0

    What float64 cannot hold on the way, and float32 in the end, is inf or nan.
    """
    first = ring[base + head]
    moved = 0.0
    squares = 0.0
    least = first
    most = first
    for j in range(length):  # from the oldest on: the bits of a sum must not depend on where the ring begins
        value = ring[base + slot(head, j, length)]
        moved += value - first
        squares += value * value
        least = min(least, value)
        most = max(most, value)
    shift = 0.0
    further = 0.0
    scale = 1.0
    if method == ZSCORE:
        further = moved / length  # the mean less `first`: small prices and large ones keep all their digits
        squares = 0.0
        for j in range(length):
            apart = ring[base + slot(head, j, length)] - first - further
            squares += apart * apart
        scale = math.sqrt(squares / length) if most > least else 0.0
        shift = first
    elif method == MINMAX:
        shift = least
        scale = most - least
    elif method == L2:
        scale = math.sqrt(squares)
    elif method == FIRST:
        shift = first
        scale = first
    for j in range(length):
        out[at + j] = (ring[base + slot(head, j, length)] - shift - further) / scale if scale != 0.0 else 0.0
    return scale != 0.0


@inline
def slot(head: int, j: int, length: int) -> int:
    """Where value j lies, from the oldest."""
    return head + j if head + j < length else head + j - length
