"""Times as people write them: by a format of strptime, or a date in one column and the time of day in another."""

from __future__ import annotations

import re

from hq_core.errors import USAGE, HqError
from hq_core.formats.text_kernel import DAY, FAR, SECOND
from hq_core.formats.times import read_iso
from hq_core.options.imports import SaidOptions

KEPT = 20_000
_LETTERS_OF_TIME = re.compile(r"%[HIMSfpzZXc]")
_LETTERS_OF_DATE = re.compile(r"%[aAwdbBmyYjUWxcGuV]")
_DATE = re.compile(r"(\d{4})([-./]?)(\d\d)\2(\d\d)")  # year first: no other reading
_TIME = re.compile(r"(\d{1,2}):(\d\d)(:\d\d(?:\.\d{1,9})?)?")


def is_time_of_day(text: str) -> bool:
    return _TIME.fullmatch(text) is not None


class Clock:
    """Reads a time by a format, or, without one, a date and a time of day with a blank between them.

    format  in the letters of strptime
    zoned   whether times bear a zone
    """

    __slots__ = ("_clocks", "_days", "_halves", "format", "zoned")

    def __init__(self, format_: str = "") -> None:
        self.format = format_
        self.zoned = "%z" in format_
        date, _, time = format_.partition(" ")
        apart = not _LETTERS_OF_TIME.search(date) and not _LETTERS_OF_DATE.search(time)
        self._halves = (date, time) if time and " " not in time and apart else None
        self._days: dict[str, int] = {}  # halves that were read before: five times as fast
        self._clocks: dict[str, int] = {}

    def read(self, text: str) -> int:
        """ns, in UTC where times bear a zone, else on the clock that they show.  Raises ValueError."""
        date, _, time = text.partition(" ")
        day, clock = self._days.get(date), self._clocks.get(time)
        if day is not None and clock is not None:
            return day + clock
        ns = self._parsed(text) if self.format else _joined(text)
        if not -FAR <= ns <= FAR:
            raise ValueError("lies outside the years 1678 to 2261")
        if not self.format or self._halves is not None:
            self._remember(date, time)
        return ns

    def _remember(self, date: str, time: str) -> None:
        """Keep both halves, if each can be read alone."""
        if len(self._days) > KEPT or len(self._clocks) > KEPT:
            self._days.clear()
            self._clocks.clear()
        if self._halves is None:
            midnight = f"{date} 00:00"
            self._days[date], self._clocks[time] = _joined(midnight), _joined(f"1970-01-01 {time}")
            return
        try:
            day, clock = _strptime(date, self._halves[0]), _strptime(time, self._halves[1])
        except ValueError:  # more than one blank, say
            return
        self._days[date], self._clocks[time] = day, clock - _strptime("1900", "%Y")

    def _parsed(self, text: str) -> int:
        try:
            return _strptime(text, self.format)
        except (ValueError, OverflowError):
            raise ValueError(f"is not of the form {self.format} of --time-format") from None


def _strptime(text: str, format_: str) -> int:
    from datetime import UTC, datetime, timedelta

    found = datetime.strptime(text, format_)  # noqa: DTZ007  the zone is the caller's
    if found.tzinfo is not None:
        found = found.astimezone(UTC).replace(tzinfo=None)
    since: timedelta = found - datetime(1970, 1, 1)
    return since.days * DAY + since.seconds * SECOND + since.microseconds * 1000


def check_format(format_: str) -> None:
    """Raises HqError for a format that strptime does not know, or that leaves the date open."""
    from datetime import datetime

    when = datetime(2021, 11, 23, 14, 45, 56)
    option = SaidOptions.time_format, f" '{format_}'"
    try:
        text = when.strftime(format_.replace("%z", "+0000").replace("%Z", "UTC"))
        found = datetime.strptime(text, format_)  # noqa: DTZ007
    except ValueError as error:
        raise HqError(str(error), USAGE, subject=option, hint="such as %d/%m/%Y %H:%M") from None
    if found.date() != when.date():
        raise HqError((*option, " names no whole date"), USAGE, hint="such as %d/%m/%Y %H:%M")


def _joined(text: str) -> int:
    date, _, time = text.partition(" ")
    day, clock = _DATE.fullmatch(date), _TIME.fullmatch(time)
    found = None
    if day and clock:
        year, _, month, of_month = day.groups()
        found = read_iso(f"{year}-{month}-{of_month}T{clock[1]:0>2}:{clock[2]}{clock[3] or ''}")
    if found is None:
        raise ValueError("is no date, year first, and time of day: pass --time-format to hq-import")
    return found[0]
