"""Times as people write them: by a format of strptime, or a date in one column and the time of day in another."""
from __future__ import annotations

import re
from datetime import UTC
from typing import TYPE_CHECKING

from hq_core.errors import USAGE, HqError
from hq_core.formats.csv_kernel import DAY, SECOND
from hq_core.formats.times import read_iso

if TYPE_CHECKING:
    from datetime import datetime

_DATE = re.compile(r"(\d{4})([-./]?)(\d\d)\2(\d\d)")          # year first: no other reading
_TIME = re.compile(r"(\d{1,2}):(\d\d)(:\d\d(?:\.\d{1,9})?)?")


def is_time_of_day(text: str) -> bool:
    return _TIME.fullmatch(text) is not None


class Clock:
    """Reads a time by a format, or, without one, a date and a time of day with a blank between them.

    format  in the letters of strptime
    zoned   whether times bear a zone
    """

    __slots__ = ("format", "zoned")

    def __init__(self, format_: str = "") -> None:
        self.format = format_
        self.zoned = "%z" in format_

    def read(self, text: str) -> int:
        """ns, in UTC where times bear a zone, else on the clock that they show.  Raises ValueError."""
        if not self.format:
            return _joined(text)
        from datetime import datetime, timedelta

        try:
            found = datetime.strptime(text, self.format)    # noqa: DTZ007  the zone is the caller's
        except (ValueError, OverflowError):
            raise ValueError(f"is not of the form {self.format} of --time-format") from None
        if found.tzinfo is not None:
            found = found.astimezone(UTC).replace(tzinfo=None)
        since: timedelta = found - datetime(1970, 1, 1)
        ns = since.days * DAY + since.seconds * SECOND + since.microseconds * 1000
        if not -(2**63) <= ns < 2**63:
            raise ValueError("lies outside the years 1678 to 2261")
        return ns


def check_format(format_: str) -> None:
    """Raises HqError for a format that strptime does not know, or that leaves the date open."""
    from datetime import datetime

    when: datetime = datetime(2021, 11, 23, 14, 45, 56)
    option = f"--time-format '{format_}'"
    try:
        text = when.strftime(format_.replace("%z", "+0000").replace("%Z", "UTC"))
        found = datetime.strptime(text, format_)    # noqa: DTZ007
    except ValueError as error:
        raise HqError(f"{option}: {error}; such as %d/%m/%Y %H:%M", USAGE) from None
    if found.date() != when.date():
        raise HqError(f"{option} names no whole date; such as %d/%m/%Y %H:%M", USAGE)


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
