"""What is left of a division, exactly."""

from __future__ import annotations

import math

from hq_core.jit import inline
from hq_core.kernels.maths.pairs import mul

WIDE = 4503599627370496.0  # 2^52
HIGH, LOW, LARGE, SMALL = 2.0**480, 2.0**-480, 2.0**400, 2.0**-400


@inline
def left_of(a: float, b: float) -> float:
    """a - k b for the whole k that puts it into [0, b); 0 <= a, 0 < b, a / b <= 2^52."""
    if a < b:  # scaled down with a large b it could lose bits
        return a
    scale = 1.0
    if b > LARGE:
        scale = HIGH
    elif b < SMALL:
        scale = LOW
    a /= scale
    b /= scale
    product, rest = mul(math.floor(a / b), b)
    left = (a - product) - rest
    if left < 0.0:
        left += b
    if left >= b:
        left -= b
    return left * scale


@inline
def modulo(x: float, y: float) -> float:
    """x - y floor(x / y) without its rounding: of the sign of y, as Python's %; nan where y is 0 or x is not finite."""
    size = abs(y)
    if (y == 0.0) | (x - x != 0.0) | (y != y):
        return math.nan
    left = abs(x)
    if left == 0.0:
        return math.copysign(0.0, y)
    if size == math.inf:
        return x if (x > 0.0) == (y > 0.0) else y
    step = size
    while left / step >= WIDE:
        step *= WIDE
    while step > size:
        left = left_of(left, step)
        step /= WIDE
    left = left_of(left, size)
    if left == 0.0:
        return math.copysign(0.0, y)
    left = left if x > 0.0 else -left
    return left if (left > 0.0) == (y > 0.0) else left + y
