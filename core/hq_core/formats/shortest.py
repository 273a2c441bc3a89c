"""The shortest decimal that reads back as a float64, as digits and an exponent: what repr() shows.

The method is Giulietti's ("The Schubfach way to render doubles", 2020): three products with a power of ten of 126 bits
say which multiple of 10**k, or of 10**(k + 1), lies in the interval that rounds to the number; of two the nearer one.
All is in 64-bit whole numbers that wrap; where one has 64 bits without a sign, shifts to the right take the sign off.

Most numbers have few decimals, for which no such product is needed: a decimal of at most 15 digits that rounds to a
number is the only one, so the shortest.
"""

from __future__ import annotations

from array import array

from hq_core.jit import I8, bits_of, inline, upper_product

LEAST, MOST = -292, 324  # powers of ten that are kept: -k of all numbers
MASK_63 = (1 << 63) - 1
FRACTION = (1 << 52) - 1
HIDDEN = 1 << 52


def powers_of_ten() -> array[int]:
    """g of 10**e, e from LEAST to MOST: its 126 leading bits, plus 1, as 63 and 63."""
    found = array("q")
    for e in range(LEAST, MOST + 1):
        if e >= 0:
            power = 10**e
            shift = power.bit_length() - 126
            g = (power >> shift if shift >= 0 else power << -shift) + 1
        else:
            power = 10**-e
            g = (1 << (power.bit_length() + 125)) // power + 1
            if g.bit_length() > 126:
                g = (1 << (power.bit_length() + 124)) // power + 1
        found.append(g >> 63)
        found.append(g & MASK_63)
    return found


@inline
def scaled(g1: int, g0: int, c: int) -> int:
    """c * g / 2**126 rounded to odd: the last bit says that something was cut off."""
    z = (((g1 * c) >> 1) & MASK_63) + upper_product(g0, c)
    w = upper_product(g1, c) + ((z >> 63) & 1)
    return w | (1 if z & MASK_63 != 0 else 0)


@inline
def few_decimals(value: float) -> int:
    """value * 10**8, where value is the number of a decimal of at most 8 places and 15 digits; else -1."""
    if not 1e-4 <= value < 1e7:
        return -1
    m = int(value * 1e8 + 0.5)
    # m is below 2**53 and 10**8 exact, so this is rounded once and tells exactly (Clinger 1990)
    return m if float(m) / 1e8 == value else -1


@inline
def shortest(value: float, powers: I8) -> tuple[int, int]:
    """(digits, exponent) of a finite number that is not negative: digits * 10**exponent; digits may end in zeros."""
    bits = bits_of(value)
    q, c = bits >> 52, bits & FRACTION
    if q != 0:
        c |= HIDDEN
        q -= 1075
        if -52 <= q <= 0 and c & ((1 << -q) - 1) == 0:  # a whole number below 2**53
            return c >> -q, 0
    else:
        q = -1074
        if c == 0:
            return 0, 0
    regular = c != HIDDEN or q == -1074
    # floor(log10) of 2**q, and of 3/4 * 2**q where the interval is narrower below
    k = (q * 1262611) >> 22 if regular else (q * 1262611 - 524031) >> 22
    h = q + ((-k * 1741647) >> 19) + 2
    at = 2 * (-k - LEAST)
    g1, g0 = powers[at], powers[at + 1]
    four = c << 2
    v = scaled(g1, g0, four << h)
    low = scaled(g1, g0, (four - (2 if regular else 1)) << h)
    top = scaled(g1, g0, (four + 2) << h)
    odd = c & 1  # the ends of the interval round to an even number
    s = v >> 2
    if s >= 10:
        under = s // 10 * 10
        over = under + 10
        under_in, over_in = low + odd <= under << 2, (over << 2) + odd <= top
        if under_in != over_in:
            return (under if under_in else over), k
    under_in, over_in = low + odd <= s << 2, ((s + 1) << 2) + odd <= top
    if under_in != over_in:
        return (s if under_in else s + 1), k
    apart = v - ((2 * s + 1) << 1)
    return (s if apart < 0 or (apart == 0 and s & 1 == 0) else s + 1), k
