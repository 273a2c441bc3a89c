"""Instants as text, and lengths of time as messages have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

SECOND = 1_000_000_000
_UNITS = (("d", 86_400 * SECOND), ("h", 3600 * SECOND), ("m", 60 * SECOND), ("s", SECOND))
_BELOW = (("ms", 1_000_000), ("us", 1000), ("ns", 1))
LISTED = 8  # names that a message lists
_KEPT = 20_000  # days whose text is remembered: an export says the same ones again and again
_dates: dict[int, str] = {}
_clocks: dict[int, str] = {}


def iso_text(ns: int) -> str:
    """UTC as ISO 8601 with the shortest exact fraction of a second.

    >>> iso_text(1769603613707000000)
    '2026-01-28T12:33:33.707Z'
    """
    seconds, part = divmod(ns, SECOND)
    days, clock = divmod(seconds, 86400)
    date = _dates.get(days)
    if date is None:
        if len(_dates) > _KEPT:
            _dates.clear()
        date = _dates[days] = _date_text(days) + "T"
    time = _clocks.get(clock)
    if time is None:
        time = _clocks[clock] = f"{clock // 3600:02d}:{clock // 60 % 60:02d}:{clock % 60:02d}"
    if part:
        return date + time + f".{part:09d}".rstrip("0") + "Z"
    return date + time + "Z"


def _date_text(days: int) -> str:
    """YYYY-MM-DD of a day since 1970-01-01 (Hinnant, civil_from_days)."""
    days += 719468
    era, of_era = divmod(days, 146097)
    year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    shifted = (5 * of_year + 2) // 153
    day = of_year - (153 * shifted + 2) // 5 + 1
    month = shifted + 3 if shifted < 10 else shifted - 9
    return f"{era * 400 + year + (1 if month <= 2 else 0):04d}-{month:02d}-{day:02d}"


def say_back(name: str, before: str, now: str, row: int = 0) -> str:
    """What a row does whose time or key is below that of the one before it; `row` says which one that is.

    >>> say_back("id", "9", "7", 3)
    'id goes back from 9 (row 3) to 7'
    """
    return f"{name} goes back from {before}{f' (row {row})' if row else ''} to {now}"


def say_length(ns: int) -> str:
    """1d 2h for messages: two units at most, the rest rounded down; below a second 1.5 ms.

    >>> say_length(86_340_000_000_000), say_length(400_000_000), say_length(1_500_000), say_length(7)
    ('23h 59m', '400 ms', '1.5 ms', '7 ns')
    """
    if 0 < ns < SECOND:
        unit, size = next(one for one in _BELOW if ns >= one[1])
        return f"{ns / size:.12g} {unit}"
    words: list[str] = []
    for unit, size in _UNITS:
        if ns >= size and len(words) < 2:
            words.append(f"{ns // size}{unit}")
            ns %= size
    return " ".join(words) or "0s"


def listed(names: Sequence[str]) -> str:
    """Names for messages, the first LISTED of them and how many more there are.

    >>> listed(["a", "b"]), listed("abcdefghij")
    ('a, b', 'a, b, c, d, e, f, g, h and 2 more')
    """
    return ", ".join(names[:LISTED]) + (f" and {len(names) - LISTED} more" if len(names) > LISTED else "")
