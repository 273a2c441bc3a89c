"""What the name of a file says of its rows: their symbol, their period."""

from __future__ import annotations

import re

from hq_core.batch import period_ns
from hq_core.errors import HqError

_BETWEEN = re.compile(r"[-_. ()+]+")
# 1h, 15min, 1M; H1, M15, MN1 as MetaTrader has them
_LENGTH = re.compile(r"(\d+)(s|sec|m|min|h|hour|d|day|w|week|mo|[MHDW])|(MN|[MHDW])(\d+)")
_DATE = re.compile(r"\d{4}|\d{6}|\d{8}")
_KINDS = ("trades", "aggtrades", "klines", "ticks")
_QUOTES = ("USDT", "USDC", "FDUSD", "TUSD", "BUSD", "DAI", "USD", "EUR", "GBP", "JPY")
_MONTHS = (
    "JANUARY",
    "FEBRUARY",
    "MARCH",
    "APRIL",
    "MAY",
    "JUNE",
    "JULY",
    "AUGUST",
    "SEPTEMBER",
    "OCTOBER",
    "NOVEMBER",
    "DECEMBER",
)


def named(path: str) -> tuple[str, str]:
    """The symbol and the period, or the kind of trades, that a file's name says; '' for what it does not.

    The symbol is what stands before the period, the kind or the date; with none of these, what ends as symbols do.

    >>> named("x/BTC_USDT-1h-2024-01.csv"), named("ethusdt.csv.gz"), named("part1.csv")
    (('BTCUSDT', '1h'), ('ETHUSDT', ''), ('', ''))
    """
    words = [word for word in _BETWEEN.split(path.rpartition("/")[2].partition(".")[0]) if word]
    periods = [word for word in words if _LENGTH.fullmatch(word) or word.lower() in _KINDS]
    at = next((i for i, word in enumerate(words) if word in periods or _DATE.fullmatch(word)), len(words))
    lead = [word.upper() for word in words[:at]]
    if at == len(words):
        pair = len(lead) == 2 and lead[1] in _QUOTES
        alone = len(lead) == 1 and lead[0].endswith(_QUOTES) and lead[0] not in _QUOTES
        lead = lead if pair or alone else []
    if len(lead) == 1 and any(lead[0] in (month, month[:3]) for month in _MONTHS):
        lead = []
    return "".join(lead), periods[0] if periods else ""


def two_symbols(one: str, other: str) -> bool:
    """Whether the symbols of two names are two: part1 and part2 are parts of one.

    >>> two_symbols("BTCUSDT", "ETHUSDT"), two_symbols("PART1", "PART2"), two_symbols("BTCUSDT", "")
    (True, False, False)
    """
    return bool(one and other) and one.rstrip("0123456789") != other.rstrip("0123456789")


def two_periods(one: str, other: str) -> bool:
    """Whether the periods of two names are two.

    >>> two_periods("1h", "4h"), two_periods("H1", "60min"), two_periods("trades", "")
    (True, False, False)
    """
    return bool(one and other) and _length(one) != _length(other)


def _length(word: str) -> int | str:
    """ns of a period by any of its names; another word as it is."""
    found = _LENGTH.fullmatch(word)
    count, unit = (found[1] or found[4], found[2] or found[3]) if found else ("", "")
    if found is None or unit in ("mo", "MN") or (unit == "M" and found[1]):
        return f"{count} months" if found else word.lower()
    unit = {"sec": "s", "min": "m", "hour": "h", "day": "d", "week": "w"}.get(unit, unit.lower())
    try:
        return period_ns(count + unit)
    except HqError:
        return word.lower()
