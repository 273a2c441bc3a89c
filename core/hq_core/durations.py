"""Lengths of time as they are written: 500ms, 2s, 1d."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core.errors import USAGE, HqError
from hq_core.say import say_length

if TYPE_CHECKING:
    from hq_core.options import Option

SECOND = 1_000_000_000
DAY = 86_400 * SECOND
MOST = 36_500 * DAY
UNITS = {"w": 7 * DAY, "d": DAY, "h": 3600 * SECOND, "m": 60 * SECOND, "s": SECOND}
SHORT = {"ns": 1, "us": 1000, "ms": 1_000_000}
SPELLINGS = {"min": "m", "sec": "s", "hour": "h", "day": "d", "week": "w"}


def parse_duration(text: str, option: Option[str] | str = "") -> int:
    """Nanoseconds of 2s, 500ms, 1d; a bare number has no unit and is refused.  `option`: of which it is the value."""
    count, unit = split(text) if isinstance(text, str) else (-1, "")
    ns = SHORT.get(unit) or UNITS.get(SPELLINGS.get(unit, unit), 0)
    if not ns or count < 0:
        wrong = "is not a duration: a count and ns, us, ms, s, m, h, d or w (2s, 500ms, 1d)"
    elif count * ns > MOST:
        wrong = f"is longer than {say_length(MOST)}"
    else:
        return count * ns
    raise HqError(f"'{text}' {wrong}", USAGE, subject=option)


def split(text: str) -> tuple[int, str]:
    """The count, -1 where there is none, and what stands behind it."""
    digits = len(text) - len(text.lstrip("0123456789"))
    return (int(text[:digits][:30]) if digits else -1), text[digits:]  # 30 digits are beyond every bound


def duration_text(ns: int) -> str:
    """A length in its largest whole unit: 60 s are 1m.

    >>> duration_text(60 * SECOND), duration_text(1_500_000_000)
    ('1m', '1500ms')
    """
    for unit, size in (*UNITS.items(), *reversed(SHORT.items())):
        if unit != "w" and ns % size == 0:
            return f"{ns // size}{unit}"
    raise AssertionError(ns)
