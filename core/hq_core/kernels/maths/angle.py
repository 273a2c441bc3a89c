"""An angle in radians as quarter turns and a rest, however large it is (Payne and Hanek 1983)."""

from __future__ import annotations

from hq_core.jit import bits_of, inline
from hq_core.kernels.maths.exp import TO_WHOLE
from hq_core.kernels.maths.pairs import add, add_small, mul_pairs, power_of_two

PER_QUARTER = 0.6366197723675814  # 2 / pi
QUARTER_1 = 1.5707963267341256  # pi / 2 in parts of 33, 33 and 53 bits
QUARTER_2 = 6.077100506303966e-11
QUARTER_3 = 2.0222662487959506e-21
QUARTER = 1.5707963267948966  # the same in two parts
QUARTER_LOW = 6.123233995736766e-17
EIGHTH = 0.7853981633974483
NEAR = 1e6  # up to here a whole number of quarters times 33 bits is exact
DIGIT = (1 << 28) - 1
BOTH = (1 << 56) - 1
# 2 / pi in digits of 28 bits: the first of them counts 2^28, the third is the first after the point
DIGITS = (
    0,
    0,
    170891318,
    240010261,
    44024437,
    131200308,
    232525238,
    43358524,
    70845471,
    240214955,
    233552982,
    28779630,
    61088989,
    48236105,
    49193117,
    26352894,
    31371723,
    19507006,
    243802975,
    86948676,
    139368903,
    2536543,
    132387737,
    30816643,
    87269193,
    210001803,
    199201411,
    186644631,
    268296281,
    135261999,
    18396576,
    174923629,
    57142514,
    130746807,
    83125238,
    111042538,
    47665787,
    180874213,
    253211600,
    121239434,
    86584998,
    201023409,
    33084880,
    139854640,
    74434486,
)


@inline
def quarters(x: float) -> tuple[int, float, float]:
    """x = n * pi / 2 + r: n modulo 4, and r, up to pi / 4 in size, as a pair; x finite."""
    if abs(x) <= EIGHTH:
        return 0, x, 0.0
    if abs(x) < NEAR:
        whole = (x * PER_QUARTER + TO_WHOLE) - TO_WHOLE
        high, low = add(x - whole * QUARTER_1, -(whole * QUARTER_2))
        if abs(high) > 1e-6:  # closer to 0 the three parts have too few digits
            high, more = add(high, -(whole * QUARTER_3))
            return int(whole) & 3, high, more + low
    return any_size(x)


@inline
def any_size(x: float) -> tuple[int, float, float]:
    """The same for |x| > pi / 4: only those digits of 2 / pi are multiplied that decide the turn and the rest."""
    bits = bits_of(x)
    exponent = ((bits >> 52) & 0x7FF) - 1075
    whole = (bits & 0xFFFFFFFFFFFFF) | 0x10000000000000  # x is `whole` times 2^exponent
    upper = whole >> 28
    lower = whole & DIGIT
    first = (exponent + 54) // 28  # digits before it count multiples of 4 quarters
    weight = exponent + 28 - 28 * first  # a unit of the product with it, -26 to 1
    _, carry = two_digits(upper, lower, first + 6, 0)
    low, carry = two_digits(upper, lower, first + 4, carry)
    middle, carry = two_digits(upper, lower, first + 2, carry)
    high, carry = two_digits(upper, lower, first, carry)
    point = 28 - weight
    turns = (high + (1 << (point - 1))) >> point  # to the nearest
    high -= turns << point
    sign = 1.0
    if high < 0:
        sign = -1.0
        high = ~high
        middle = BOTH - middle
        low = BOTH - low
    rest, lost = add_small(float(high), float(middle >> 28) * 2.0**-28)
    rest, more = add_small(rest, float(middle & DIGIT) * 2.0**-56)
    rest, last = add_small(rest, float(low >> 28) * 2.0**-84)
    lost += more + (last + float(low & DIGIT) * 2.0**-112)
    if x < 0.0:
        sign = -sign
        turns = -turns
    unit = sign * power_of_two(-point)
    rest, lost = mul_pairs(rest * unit, lost * unit, QUARTER, QUARTER_LOW)
    return turns & 3, rest, lost


@inline
def two_digits(upper: int, lower: int, at: int, carry: int) -> tuple[int, int]:
    """Two digits of the product as one number, from place `at` on, and what they carry to the place before."""
    carry += lower * DIGITS[at + 1] + upper * DIGITS[at + 2]
    second = carry & DIGIT
    carry = (carry >> 28) + lower * DIGITS[at] + upper * DIGITS[at + 1]
    return ((carry & DIGIT) << 28) | second, carry >> 28
