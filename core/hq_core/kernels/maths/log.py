"""Logarithms."""

from __future__ import annotations

import math

from hq_core.jit import bits_of, float_of, inline
from hq_core.kernels.maths.exp import LN2, LN2_LOW
from hq_core.kernels.maths.pairs import add, add_small, divide, half_square, mul, mul_pairs

ROOT_HALF = 0x3FE6A09E00000000  # the bits of about sqrt(1/2)
ONE = 0x3FF0000000000000
LEAST = 2.2250738585072014e-308  # the smallest normal number
PER_LN10 = 0.4342944819032518
PER_LN10_LOW = 1.098319650216765e-17


@inline
def split(x: float) -> tuple[float, float]:
    """x = (1 + f) * 2^k with 1 + f from sqrt(1/2) to sqrt 2, as f and k; x normal and positive."""
    bits = bits_of(x) + (ONE - ROOT_HALF)
    exponent = (bits >> 52) & 0x7FF
    k = float_of(exponent | 0x4330000000000000) - 4503599627371519.0  # 2^52 + 1023, without a conversion
    return float_of((bits & 0xFFFFFFFFFFFFF) + ROOT_HALF) - 1.0, k


@inline
def lifted(x: float) -> tuple[float, float]:
    """x, or x * 2^54 where it is subnormal, and what is to be taken from the power of two then."""
    return (x * 18014398509481984.0, 54.0) if x < LEAST else (x, 0.0)


@inline
def twice_tail(z: float) -> float:
    """2 atanh(s) / s - 2 for z = s^2 <= 0.02944."""
    square = z * z  # by halves, not from the last term on: no step waits long for the one before it
    first = (0.6666666666666666 + z * 0.4000000000000088) + square * (0.28571428570802315 + z * 0.22222222392008084)
    second = (0.18181795608704632 + z * 0.15386241411965831) + square * (0.1326872737379105 + z * 0.13087104671767694)
    return z * (first + square * square * second)


@inline
def log_parts(x: float, less: float) -> tuple[float, float]:
    """ln(x / 2^less) to about 2^-57 of it; x normal and positive.  It has no branch: a loop of it takes two rows at
    once."""
    f, k = split(x)
    k -= less
    s = f / (2.0 + f)
    p = twice_tail(s * s)
    half, half_low = half_square(f)
    near, rest = add_small(f, -half)
    total, more = add_small(k * LN2, near)
    return total, more + (rest + (s * (half + (half_low + p)) - half_low + k * LN2_LOW))


@inline
def unusual(x: float) -> float:
    """The logarithm of what is not positive and finite."""
    if x == 0.0:
        return -math.inf
    return x if x > 0.0 else math.nan


@inline
def ln(x: float) -> float:
    """The natural logarithm; -inf at 0, nan below."""
    if not ((x > 0.0) & (x < math.inf)):
        return unusual(x)
    high, low = log_parts(*lifted(x))
    return high + low


@inline
def log10(x: float) -> float:
    """The logarithm to base 10, exact for powers of 10; -inf at 0, nan below."""
    if not ((x > 0.0) & (x < math.inf)):
        return unusual(x)
    high, low = log_parts(*lifted(x))
    return to_base_10(high, low)


@inline
def to_base_10(high: float, low: float) -> float:
    """A natural logarithm, given as a pair, to base 10."""
    product, rest = mul(high, PER_LN10)
    return product + (rest + (high * PER_LN10_LOW + low * PER_LN10))


@inline
def log_pair(x: float) -> tuple[float, float]:
    """ln x to about 2^-68 of it, for powers; x > 0 and finite."""
    x, less = lifted(x)
    f, k = split(x)
    k -= less
    under, under_low = add_small(2.0, f)
    s, s_low = divide(f, 0.0, under, under_low)
    z, z_low = mul_pairs(s, s_low, s, s_low)
    p = 0.05883025641718654 + z * (0.052364343394031336 + z * 0.05308711940160199)
    p = 0.09090909090649955 + z * (0.07692307762560122 + z * (0.06666657327106208 + z * p))
    p = z * (0.14285714285714285 + z * (0.11111111111111475 + z * p))  # for z <= 0.02944
    a, a_low = add_small(0.2, p - 1.1102230246251565e-17)  # 1/5 + z/7 + ...
    a, a_low = mul_pairs(z, z_low, a, a_low)
    b, b_low = add_small(0.3333333333333333, a)  # 1/3 + z/5 + ...
    b_low += a_low + 1.850371707708594e-17
    b, b_low = mul_pairs(z, z_low, b, b_low)
    b, b_low = mul_pairs(s, s_low, b, b_low)  # atanh(s) - s
    near, rest = add_small(2.0 * s, 2.0 * b)
    rest += 2.0 * (s_low + b_low)
    total, more = add_small(k * LN2, near)
    far, far_low = add(more, k * LN2_LOW)
    total, more = add_small(total, far)
    return add_small(total, more + (far_low + rest))


@inline
def ln_ratio(a: float, b: float) -> float:
    """ln(a / b), to the last digits where the two are close as well; nan unless both are positive and finite."""
    if not ((a > 0.0) & (b > 0.0) & (a < math.inf) & (b < math.inf)):
        return math.nan
    ratio = a / b
    if (ratio > 0.71) & (ratio < 1.41) & (a + b < math.inf):
        s = (a - b) / (a + b)  # a - b is exact: nothing is lost as 1 - a / b would
        return 2.0 * s + s * twice_tail(s * s)
    if (ratio < LEAST) | (ratio == math.inf):
        return ln(a) - ln(b)
    return ln(ratio)
