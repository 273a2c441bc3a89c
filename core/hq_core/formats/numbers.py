"""Numbers as files write them, and what is said of a text that is none: one rule for every format."""

from __future__ import annotations

import re
from math import inf, isinf, nan

BEYOND = "is beyond what a 64-bit float holds"
NOT_FINITE = {"": nan, "nan": nan, "inf": inf, "+inf": inf, "-inf": -inf}

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_GROUPED = re.compile(r"[+-]?\d{1,3}([.,' \u00a0\u202f_]\d{3})+([.,]\d*)?")


def is_number(text: str) -> bool:
    """A decimal number as files write it: what float() takes, without '_', blanks, inf and nan."""
    return _NUMBER.fullmatch(text) is not None and text.isascii()


def not_a_number(text: str) -> str:
    """What is wrong with a text that is no number.

    >>> not_a_number("1.575,01"), not_a_number("x")
    ('is not a number; hq-import reads numbers without thousands separators', 'is not a number')
    """
    hint = "; hq-import reads numbers without thousands separators" if _GROUPED.fullmatch(text.strip()) else ""
    return f"is not a number{hint}"


def float_of(text: str, empty: bool, point: str = ".") -> float | None:
    """The float nearest to a decimal number; NaN and infinities of a field that may be `empty`; None for other text.

    point   the character before decimals
    Raises ValueError where no float is near.
    """
    plain = text if point == "." else text.replace(".", "?").replace(point, ".")
    if is_number(plain):
        found = float(plain)
        if isinf(found):
            raise ValueError(BEYOND)
        return found
    return NOT_FINITE.get(plain.lower()) if empty else None
