"""Sine, cosine and tangent."""

from __future__ import annotations

import math

from hq_core.jit import inline
from hq_core.kernels.maths.angle import quarters
from hq_core.kernels.maths.pairs import add_small, cube, divide, half_square

TINY = 2.0**-27  # smaller ones are their own sine, tangent, arc ...
SIXTH = 0.16666666666666666


@inline
def sin_parts(r: float, low: float) -> tuple[float, float]:
    """sin(r + low) to about 2^-60 of it, |r| <= pi / 4."""
    z = r * r
    p = -2.5052106215978872e-08 + z * (1.6058529011960858e-10 - z * 7.586543634101903e-13)
    p = 0.008333333333333331 + z * (-0.00019841269841265003 + z * (2.7557319219291695e-06 + z * p))
    power, power_low = cube(r)
    sixth = power * SIXTH
    sixth_low = (((power - 4.0 * sixth) - 2.0 * sixth) + power_low) * SIXTH
    total, rest = add_small(r, -sixth)
    return total, rest + (r * z * z * p + (low * (1.0 - 0.5 * z) - sixth_low))


@inline
def cos_parts(r: float, low: float) -> tuple[float, float]:
    """cos(r + low) to about 2^-57 of it, |r| <= pi / 4."""
    z = r * r
    p = -2.755731725679604e-07 + z * (2.087614315990944e-09 - z * 1.1382408754153254e-11)
    p = 0.041666666666666664 + z * (-0.0013888888888887378 + z * (2.4801587298736863e-05 + z * p))
    half, half_low = half_square(r)
    total, rest = add_small(1.0, -half)
    return total, rest + (z * z * p - (half_low + r * low))


@inline
def sin(x: float) -> float:
    """The sine of an angle in radians; nan where x is not finite."""
    if not abs(x) < math.inf:
        return math.nan
    if abs(x) < TINY:
        return x
    n, r, low = quarters(x)
    high, low = sin_parts(r, low) if (n & 1) == 0 else cos_parts(r, low)
    return high + low if n < 2 else -(high + low)


@inline
def cos(x: float) -> float:
    """The cosine of an angle in radians; nan where x is not finite."""
    if not abs(x) < math.inf:
        return math.nan
    n, r, low = quarters(x)
    high, low = cos_parts(r, low) if (n & 1) == 0 else sin_parts(r, low)
    return -(high + low) if (n == 1) | (n == 2) else high + low


@inline
def tan(x: float) -> float:
    """The tangent of an angle in radians; nan where x is not finite."""
    if not abs(x) < math.inf:
        return math.nan
    if abs(x) < TINY:
        return x
    n, r, low = quarters(x)
    up, up_low = sin_parts(r, low)
    over, over_low = cos_parts(r, low)
    if (n & 1) == 1:
        up, up_low, over, over_low = -over, -over_low, up, up_low
    over, over_low = add_small(over, over_low)
    up, up_low = add_small(up, up_low)
    high, low = divide(up, up_low, over, over_low)
    return high + low
