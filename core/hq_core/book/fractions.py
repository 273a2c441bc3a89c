"""The step of prices as a fraction: prices to whole ticks and back, so that 3 ticks of 0.1 are 0.3."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

NO_STEP = (0, 1)  # none is known
OFF = 1e-9  # how far from its tick a price may be, as a share of itself
MOST_DIGITS = 12  # behind the point, of a step that is inferred


def step_of(prices: Iterable[float]) -> tuple[int, int]:
    """The largest step that all of these prices are multiples of, as they are written with their shortest digits.

    NO_STEP where there is none: no price but 0, or one with too many digits.
    """
    over, under = 0, 1
    for price in prices:
        exact = Fraction(repr(price))
        if exact.denominator > 10**MOST_DIGITS:
            return NO_STEP
        common = math.lcm(under, exact.denominator)
        over = math.gcd(over * (common // under), abs(exact.numerator) * (common // exact.denominator))
        under = common
    common = math.gcd(over, under) or 1
    return over // common, under // common


def step_text(step: tuple[int, int]) -> str:
    """A step as a decimal: (1, 10) is 0.1."""
    over, under = step
    return f"{over / under:.15g}"
