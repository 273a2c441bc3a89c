"""Instants and lengths of time as messages have them."""
from __future__ import annotations

SECOND = 1_000_000_000
_UNITS = (("d", 86_400 * SECOND), ("h", 3600 * SECOND), ("m", 60 * SECOND), ("s", SECOND))
_BELOW = (("ms", 1_000_000), ("us", 1000), ("ns", 1))


def say_time(ts: int) -> str:
    """2024-08-08T23:54:00Z for messages; digits below a second only where there are some."""
    from time import gmtime, strftime

    below = f"{ts % SECOND:09d}".rstrip("0")
    return strftime("%Y-%m-%dT%H:%M:%S", gmtime(ts // SECOND)) + (f".{below}" if below else "") + "Z"


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
