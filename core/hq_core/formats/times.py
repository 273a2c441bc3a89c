"""Instants from text: ISO 8601, epoch numbers and their units, local clocks; say.py has the way back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hq_core.errors import DATA, USAGE, HqError
from hq_core.formats.text_kernel import DAY, FAR, SECOND, iso
from hq_core.zones import open_zone

if TYPE_CHECKING:
    from datetime import tzinfo

UNITS = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}
QUARTER = 900 * SECOND  # since 1972 clocks have been changed at quarters of an hour only
KEPT = 20_000  # quarters whose offset a Zone remembers
MOST_DIGITS = 40  # of a number that may still fit 64 bits in some unit
_DECIMAL = re.compile(r"([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?")


_days: dict[str, int] = {}
_seconds: dict[str, int] = {}


def read_iso(text: str) -> tuple[int, bool] | None:
    """(nanoseconds, has a zone) of an ISO 8601 date or date-time; None if it is not one.

    Also taken: a blank for the T, ' UTC' for Z, +hhmm and +hh for +hh:mm.

    >>> read_iso("1970-01-01T00:00:01.5Z")
    (1500000000, True)
    """
    if len(text) == 20:  # YYYY-MM-DDThh:mm:ssZ by its halves, seen before: ten times faster
        day, clock = _days.get(text[:11]), _seconds.get(text[11:])
        if day is not None and clock is not None:
            return day + clock, True
    if not text.isascii() or len(text) > 64:
        return None
    whole = text
    if text.endswith(" UTC"):
        text = text[:-4] + "Z"
    elif len(text) > 5 and text[-5] in "+-" and text[-4:].isdecimal() and ":" in text:
        text = text[:-2] + ":" + text[-2:]
    elif len(text) > 12 and text[-3] in "+-" and text[-2:].isdecimal() and ":" in text:
        text += ":00"  # as DuckDB and PostgreSQL write it
    padded = text.encode() + b"\n" * 32
    for zoned in (1, 0):
        ns, end = iso(padded, 0, zoned)
        if end == len(text):
            if len(whole) == 20 and whole[-1] == "Z":
                if len(_days) > KEPT:
                    _days.clear()
                clock = ns % DAY
                _days[whole[:11]], _seconds[whole[11:]] = ns - clock, clock
            return ns, zoned == 1
    return None


def exact_whole(text: str, unit: int = 1) -> int | None:
    """text * unit of a decimal number, by its digits and never by way of a float; None if it is no number, no whole
    one, or takes more than 40 digits.

    >>> exact_whole("1600000000.123456789", 1_000_000_000)
    1600000000123456789
    """
    found = _DECIMAL.fullmatch(text)
    if found is None or not text.isascii():
        return None
    sign, before, after, power = found.groups("")
    digits = before + after
    bare = digits.rstrip("0")
    lead = bare.lstrip("0")
    if not lead or len(power) > 6 or len(lead) > MOST_DIGITS:
        return 0 if digits and not lead else None
    shift = int(power or 0) - len(after) + len(digits) - len(bare)  # text is lead * 10^shift
    if abs(shift) > MOST_DIGITS:
        return None
    scale: int = 10 ** abs(shift)
    value, rest = (int(lead) * unit * scale, 0) if shift >= 0 else divmod(int(lead) * unit, scale)
    if rest:
        return None
    return -value if sign == "-" else value


def written_out(text: str) -> str:
    """A whole number without its point and power, as 1750888800000.0 may be written; other text as it is.

    >>> written_out("1750888800000.0"), written_out("1.5"), written_out("2024-01-01")
    ('1750888800000', '1.5', '2024-01-01')
    """
    if text.isdecimal():
        return text
    value = exact_whole(text)
    return text if value is None else str(value)


def read_epoch(text: str, unit: int) -> int | None:
    """Nanoseconds of a decimal epoch number in units of `unit` ns; None if it is no number or not a whole ns."""
    ns = exact_whole(text, unit)
    return None if ns is None or abs(ns) > FAR else ns


def instant(text: str, zone: Zone | None = None) -> int:
    """An instant that a user wrote: ISO 8601, a date, or an epoch number with its unit (1769603613707ms).

    A date or date-time without a zone is UTC unless `zone` is given.
    """
    found = read_iso(text)
    if found is not None:
        ns, zoned = found
        return ns if zoned or zone is None else zone.utc(ns, -FAR)
    for unit in ("ms", "us", "ns", "s"):
        if text.endswith(unit):
            epoch = read_epoch(text[: -len(unit)], UNITS[unit])
            if epoch is not None:
                return epoch
    raise HqError(f"time '{text}' is not ISO 8601 (2026-01-28T12:00:00Z) nor a number and its unit (…s, …ms)", USAGE)


class Zone:
    """A local clock by its IANA name, UTC included."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.fixed = name.upper() in ("UTC", "Z", "ETC/UTC")
        self._offsets: dict[int, tuple[int, int]] = {}
        self._zone: tzinfo | None = None if self.fixed else open_zone(name)

    def utc(self, local: int, after: int) -> int:
        """UTC of a local clock's reading, both ns; in the hour that a clock shows twice, the first one after `after`.

        Raises HqError for an hour that the clock leaves out, and for times beyond int64.
        """
        if self.fixed:
            return local
        if abs(local) > FAR:
            raise HqError("the bar ends beyond the years that int64 nanoseconds hold", DATA)
        quarter = local // QUARTER
        found = self._offsets.get(quarter)
        if found is None:
            if len(self._offsets) >= KEPT:
                self._offsets.clear()
            found = self._offsets[quarter] = self._look(quarter)
        first, second = local - found[0], local - found[1]
        return second if first <= after < second else first

    def _look(self, quarter: int) -> tuple[int, int]:
        from datetime import datetime, timedelta

        clock = datetime(1970, 1, 1) + timedelta(seconds=quarter * 900)
        offsets = []
        for fold in (0, 1):
            shown = clock.replace(tzinfo=self._zone, fold=fold)
            offset = shown.utcoffset()
            assert offset is not None
            offsets.append(offset.days * DAY + offset.seconds * SECOND)
        if offsets[0] < offsets[1]:  # fold 0 before fold 1 in UTC, unless the clock skips this reading
            raise HqError(f"{clock} does not exist in {self.name}: the clock was put forward over it", DATA)
        return offsets[0], offsets[1]
