"""The inverse functions of sine, cosine and tangent."""

from __future__ import annotations

import math

from hq_core.jit import inline
from hq_core.kernels.maths.angle import QUARTER, QUARTER_LOW
from hq_core.kernels.maths.pairs import add_small, cube, divide, mul
from hq_core.kernels.maths.trig import TINY

THIRD = 0.3333333333333333


@inline
def atan_tail(z: float) -> float:
    """(atan(t) / t - 1 + z / 3) / z^2 for z = t^2, up to t = 7/16."""
    square = z * z  # by halves, not from the last term on: what waits for an angle waits half as long
    first = (0.1999999999999941 - z * 0.14285714285566736) + square * (0.11111111096638937 - z * 0.09090908355330636)
    second = (0.07692285547843675 - z * 0.06666241809966524) + square * (0.058769452884197285 - z * 0.05216672028203441)
    third = (0.04492227771392153 - z * 0.03312740774689653) + square * 0.014772463057221784
    square *= square
    return first + square * (second + square * third)


@inline
def atan(x: float) -> float:
    """The angle whose tangent is x, -pi / 2 to pi / 2."""
    size = abs(x)
    if not size >= TINY:
        return x
    base = 0.0  # atan(x) = atan(c) + atan((x - c) / (1 + c x)), for c = 1/2, 1, 3/2 and infinity
    base_low = 0.0
    up = size
    under = 1.0
    under_low = 0.0
    if size < 0.4375:
        pass
    elif size < 0.6875:
        base = 0.4636476090008061
        base_low = 2.2698777452961687e-17
        up = 2.0 * size - 1.0
        under, under_low = add_small(2.0, size)
    elif size < 1.1875:
        base = 0.7853981633974483
        base_low = 3.061616997868383e-17
        up = size - 1.0
        under = 1.0 + size
        under_low = (1.0 - under) + size if size <= 1.0 else (size - under) + 1.0
    elif size < 2.4375:
        base = 0.982793723247329
        base_low = 1.3903311031230998e-17
        up = 2.0 * size - 3.0
        under, under_low = add_small(2.0 * size, size)
        under, more = add_small(under, 2.0)
        under_low += more
    elif size < 1e17:
        base = QUARTER
        base_low = QUARTER_LOW
        up = -1.0
        under = size
    else:
        return QUARTER if x > 0.0 else -QUARTER
    t = up
    t_low = 0.0
    if base > 0.0:
        t, t_low = divide(up, 0.0, under, under_low)
    z = t * t
    power, power_low = cube(t)
    third = power * THIRD
    third_low = (((power - 2.0 * third) - third) + power_low) * THIRD
    high, low = add_small(base, t)
    high, more = add_small(high, -third)
    found = high + (low + (more + (base_low + (t_low * (1.0 - z) + (t * z * z * atan_tail(z) - third_low)))))
    return found if x > 0.0 else -found


@inline
def asin_tail(z: float) -> float:
    """(asin(t) / t - 1) / z for z = t^2, up to t = 1/2."""
    square = z * z
    first = (0.16666666666666666 + z * 0.07500000000000118) + square * (0.044642857142551895 + z * 0.03038194447553234)
    second = 0.02237215744350722 + z * 0.017352816540325496
    second += square * (0.01396378001220357 + z * 0.011566459612121669)
    third = 0.009621842970100282 + z * 0.009319560794767446
    third += square * (0.0030448799094556773 + z * 0.019554513336123378)
    square *= square
    fourth = square * (-0.01924167174674304 + z * 0.02961201126495512)
    return first + square * (second + square * (third + fourth))


@inline
def half_arc(size: float) -> tuple[float, float]:
    """asin(sqrt((1 - size) / 2)), half of acos(size), for size from 1/2 to 1, as a pair."""
    z = 0.5 - 0.5 * size
    root = math.sqrt(z)
    if root == 0.0:
        return 0.0, 0.0
    product, rest = mul(root, root)
    return root, ((z - product) - rest) / (2.0 * root) + root * z * asin_tail(z)


@inline
def asin(x: float) -> float:
    """The angle whose sine is x, -pi / 2 to pi / 2; nan beyond 1."""
    size = abs(x)
    if not size <= 1.0:
        return math.nan
    if size < TINY:
        return x
    if size < 0.5:
        z = x * x
        return x + x * z * asin_tail(z)
    arc, arc_low = half_arc(size)
    high, low = add_small(QUARTER, -2.0 * arc)
    found = high + (low + (QUARTER_LOW - 2.0 * arc_low))
    return found if x > 0.0 else -found


@inline
def acos(x: float) -> float:
    """The angle whose cosine is x, 0 to pi; nan beyond 1."""
    size = abs(x)
    if not size <= 1.0:
        return math.nan
    if size < 0.5:
        z = x * x
        high, low = add_small(QUARTER, -x)
        return high + (low + (QUARTER_LOW - x * z * asin_tail(z)))
    arc, arc_low = half_arc(size)
    if x > 0.0:
        return 2.0 * arc + 2.0 * arc_low
    high, low = add_small(2.0 * QUARTER, -2.0 * arc)
    return high + (low + (2.0 * QUARTER_LOW - 2.0 * arc_low))
