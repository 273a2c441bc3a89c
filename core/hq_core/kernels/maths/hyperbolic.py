"""Hyperbolic sine, cosine and tangent."""

from __future__ import annotations

import math

from hq_core.jit import inline
from hq_core.kernels.maths.exp import NEAR, exp_pair
from hq_core.kernels.maths.pairs import add_small, divide, power_of_two, scaled
from hq_core.kernels.maths.trig import TINY


@inline
def half_sum(size: float, sign: float) -> float:
    """(e^size + sign e^-size) / 2 for size from 0 to NEAR, from 1 on where sign is -1; without a branch."""
    high, low, exponent = exp_pair(size, 0.0)
    back, back_low = divide(sign, 0.0, high, low)
    up = power_of_two(exponent - 1)
    down = power_of_two(-exponent - 1)
    total, rest = add_small(high * up, back * down)
    return total + (rest + (low * up + back_low * down))


@inline
def half_far(size: float) -> float:
    """e^size / 2 for size from NEAR on."""
    if size > 711.0:
        return math.inf
    high, low, exponent = exp_pair(size, 0.0)
    return scaled(high, low, exponent - 1)


@inline
def sinh(x: float) -> float:
    """The hyperbolic sine."""
    size = abs(x)
    if not size >= TINY:
        return x
    if size < 1.0:
        z = x * x
        p = 2.5052117695907823e-08 + z * (1.6057679623801638e-10 + z * 7.746178593018827e-13)
        p = 0.008333333333333299 + z * (0.00019841269841324198 + z * (2.7557319191381816e-06 + z * p))
        return x + x * z * (0.16666666666666666 + z * p)
    found = half_sum(size, -1.0) if size < NEAR else half_far(size)
    return found if x > 0.0 else -found


@inline
def cosh(x: float) -> float:
    """The hyperbolic cosine."""
    if x != x:
        return x
    size = abs(x)
    return half_sum(size, 1.0) if size < NEAR else half_far(size)


@inline
def tanh(x: float) -> float:
    """The hyperbolic tangent, -1 to 1."""
    size = abs(x)
    if not size >= TINY:
        return x
    if size < 0.5:
        z = x * x
        p = -0.0014557608138655873 + z * (
            0.0005894667419101905
            + z * (-0.00023635364294136244 + z * (8.819580305745065e-05 - z * 2.295330465333733e-05))
        )
        p = 0.0218694885258676 + z * (-0.008863235198659135 + z * (0.0035921217969498704 + z * p))
        p = 0.1333333333333323 + z * (-0.053968253968089755 + z * p)
        return x + x * z * (-0.3333333333333333 + z * p)
    found = 1.0
    if size < 22.0:
        high, low, exponent = exp_pair(2.0 * size, 0.0)  # tanh(x) = 1 - 2 / (e^2x + 1)
        shift = power_of_two(-exponent)
        high, more = add_small(high, shift)
        part, part_low = divide(2.0 * shift, 0.0, high, low + more)
        high, more = add_small(1.0, -part)
        found = high + (more - part_low)
    return found if x > 0.0 else -found
