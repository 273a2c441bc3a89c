"""Time zones by their IANA names."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from hq_core.errors import USAGE, HqError, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo


def open_zone(name: str) -> ZoneInfo:
    """The IANA zone `name`.  Raises HqError USAGE, with the nearest name, for what is none."""
    from zoneinfo import ZoneInfo

    try:
        if _of_a_machine(name):
            raise KeyError(name)
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # KeyError: unknown; the others: not a name that a file may have
        near = _near(name)
        hint = f"; did you mean {near}?" if near else ""
        told = f"time zone '{name}' is not known; zones have IANA names, such as America/New_York{hint}"
        raise HqError(told, USAGE) from None


def _of_a_machine(name: str) -> bool:
    """Whether a machine's own files may have the name, each with another meaning, and IANA's have not."""
    return name in ("localtime", "posixrules") or name.startswith(("posix/", "right/"))


SECOND, DAY = 1_000_000_000, 86_400_000_000_000
FIRST, LAST = -60_000_000_000, 250_000_000_000  # seconds that Python's calendar has, a year off its ends


class Clock:
    """How far a zone's clock is ahead of UTC, for the times in use.

    since   ns UTC from which on, ascending; offset: ns, as many
    """

    def __init__(self, name: str) -> None:
        self.zone = open_zone(name)
        self.since, self.offset = array("q"), array("q")
        self._low, self._high = 1, 0

    def cover(self, ts: Sequence[int]) -> None:
        """Let the table reach over these times."""
        low, high = min(ts), max(ts)
        if self._low <= low and high <= self._high:
            return
        if self._low <= self._high:
            low, high = min(low, self._low), max(high, self._high)
        self._low, self._high = low - 400 * DAY, high + 400 * DAY
        since, offset = [self._low], [self._ahead(self._low)]
        for at in range(self._low + DAY, self._high + DAY, DAY):
            now = self._ahead(at)
            if now != offset[-1]:
                since.append(self._change(at - DAY, at))
                offset.append(now)
        self.since, self.offset = array("q", since), array("q", offset)

    def _ahead(self, ns: int) -> int:
        from datetime import UTC, datetime, timedelta

        seconds = min(max(ns // SECOND, FIRST), LAST)
        shift = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).astimezone(self.zone).utcoffset()
        assert shift is not None
        return (shift.days * 86_400 + shift.seconds) * SECOND

    def _change(self, before: int, after: int) -> int:
        """The second between two instants at which the clock is put."""
        was = self._ahead(before)
        while after - before > SECOND:
            middle = (before + after) // 2 // SECOND * SECOND
            before, after = (middle, after) if self._ahead(middle) == was else (before, middle)
        return after // SECOND * SECOND


def _near(name: str) -> str:
    """The zone that was most likely meant: by its city, which people leave alone, or by its whole name."""
    from zoneinfo import available_timezones

    known = sorted(zone for zone in available_timezones() if not _of_a_machine(zone))
    cities: dict[str, str] = {}
    for zone in known:
        city = zone.rpartition("/")[2].lower()
        if city not in cities or "/" not in cities[city]:
            cities[city] = zone
    city = nearest(name.rpartition("/")[2].strip().replace(" ", "_").lower(), list(cities))
    return cities[city] if city else nearest(name, known)
