"""The exponential function."""

from __future__ import annotations

import math

from hq_core.jit import bits_of, float_of, inline
from hq_core.kernels.maths.pairs import add, add_small, half_square, scaled

PER_LN2 = 1.4426950408889634
LN2 = 0.6931471805598903  # the first 42 bits: times a whole number below 2048 it is exact
LN2_LOW = 5.497923018708371e-14
TO_WHOLE = 6755399441055744.0  # 1.5 * 2^52: added and taken away again, it rounds to a whole number
WHOLE_BITS = 0x4338000000000000  # those of TO_WHOLE
NEAR = 708.0  # below it e^x and e^-x are normal numbers


@inline
def tail(r: float) -> float:
    """(e^r - 1 - r - r^2 / 2) / r^3 for |r| <= ln 2 / 2."""
    square = r * r  # by halves, not from the last term on: no step waits long for the one before it
    first = 0.16666666666666669 + r * 0.041666666666666664
    first += square * (0.008333333333330027 + r * 0.0013888888888886528)
    second = 0.00019841269863229763 + r * 2.480158731727029e-05
    second += square * (2.755726818666448e-06 + r * 2.755728277435732e-07)
    square *= square
    return first + square * (second + square * (2.5100515333382707e-08 + r * 2.0911329350022056e-09))


@inline
def exp(x: float) -> float:
    """e^x."""
    return near(x) if abs(x) < NEAR else far(x)


@inline
def near(x: float) -> float:
    """e^x for |x| < NEAR, without a branch, so that a loop of it takes two rows at once."""
    shifted = x * PER_LN2 + TO_WHOLE  # a whole number, and in its last bits that number
    whole = shifted - TO_WHOLE
    high = x - whole * LN2
    low = whole * LN2_LOW
    r = high - low
    low = (high - r) - low
    total, rest = add_small(1.0, r)
    square = r * r
    found = total + (rest + (0.5 * square + (square * r * tail(r) + (low + low * r))))
    return found * float_of(((bits_of(shifted) + 1023) & 0x7FF) << 52)


@inline
def far(x: float) -> float:
    """e^x where it is not a normal number."""
    if x != x:
        return x
    if x > 710.0:
        return math.inf
    if x < -746.0:
        return 0.0
    high, low, exponent = exp_pair(x, 0.0)
    return scaled(high, low, exponent)


@inline
def exp_pair(x: float, x_low: float) -> tuple[float, float, int]:
    """e^(x + x_low) to about 2^-60 of it, as a pair and the power of two that it is to be scaled by; |x| < 800."""
    shifted = x * PER_LN2 + TO_WHOLE
    whole = shifted - TO_WHOLE
    r, low = add(x - whole * LN2, -(whole * LN2_LOW))
    r, low = add(r, low + x_low)
    square, square_low = half_square(r)
    total, rest = add_small(1.0, r)
    total, more = add_small(total, square)
    rest += more + (square_low + (r * r * r * tail(r) + low * (1.0 + r)))
    total, rest = add_small(total, rest)
    return total, rest, bits_of(shifted) - WHOLE_BITS
