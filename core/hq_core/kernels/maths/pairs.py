"""Unevaluated sums of two floats, which hold twice the digits, without a fused multiply-add (Dekker 1971)."""

from __future__ import annotations

from hq_core.jit import bits_of, float_of, inline

SPLIT = 134217729.0  # 2^27 + 1
TOP = ~0x7FFFFFF  # the bits of a float64 that make its first 26 digits


@inline
def add_small(a: float, b: float) -> tuple[float, float]:
    """a + b exactly, as the rounded sum and what the rounding lost; |a| >= |b| or a = 0."""
    total = a + b
    return total, (a - total) + b


@inline
def add(a: float, b: float) -> tuple[float, float]:
    """a + b exactly, whichever is larger (Knuth 1969)."""
    total = a + b
    kept = total - a
    return total, (a - (total - kept)) + (b - kept)


@inline
def mul(a: float, b: float) -> tuple[float, float]:
    """a * b exactly, for sizes between 1e-140 and 1e150."""
    product = a * b
    step = SPLIT * a
    a_high = step - (step - a)
    a_low = a - a_high
    step = SPLIT * b
    b_high = step - (step - b)
    b_low = b - b_high
    return product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


@inline
def mul_pairs(a: float, a_low: float, b: float, b_low: float) -> tuple[float, float]:
    """The product of two pairs, to about 2^-104 of it."""
    product, rest = mul(a, b)
    return add_small(product, rest + (a * b_low + a_low * b))


@inline
def first_digits(value: float) -> float:
    """The first 26 bits of `value`: what they and another 26 multiply to is exact."""
    return float_of(bits_of(value) & TOP)


@inline
def divide(a: float, a_low: float, b: float, b_low: float) -> tuple[float, float]:
    """The ratio of two pairs, to about 2^-77 of it."""
    share = 1.0 / b
    ratio = a * share
    ahead = first_digits(ratio)
    top = first_digits(b)
    rest = ((a - ahead * top) - ahead * (b - top)) - (ratio - ahead) * b
    return ratio, (rest + (a_low - ratio * b_low)) * share


@inline
def half_square(value: float) -> tuple[float, float]:
    """value^2 / 2 to twice the digits: a short form of `mul`."""
    top = first_digits(value)
    return 0.5 * (top * top), 0.5 * ((value + top) * (value - top))


@inline
def cube(value: float) -> tuple[float, float]:
    """value^3 to about 2^-78 of it, the first part of at most 52 bits."""
    top = first_digits(value)
    square = top * top
    upper = first_digits(square)
    return top * upper, top * (square - upper) + (value - top) * (value * value + value * top + square)


@inline
def power_of_two(exponent: int) -> float:
    """2^exponent, for -1022 to 1023."""
    return float_of((exponent + 1023) << 52)


@inline
def scaled(high: float, low: float, exponent: int) -> float:
    """(high + low) * 2^exponent, high about 1, rounded again only where it is subnormal; exponent -1100 to 1100."""
    if exponent > 1023:
        return (high + low) * power_of_two(1023) * power_of_two(exponent - 1023)
    if exponent < -1022:
        return (high + low) * power_of_two(exponent + 100) * power_of_two(-100)
    return (high + low) * power_of_two(exponent)
