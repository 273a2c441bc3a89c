"""Names of periods, and the calendar: where bars of a period begin, in UTC or in the days of a time zone."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from hq_core.batch import EVER
from hq_core.durations import DAY, SECOND, SPELLINGS, UNITS, split
from hq_core.errors import USAGE, HqError
from hq_core.say import iso_text, say_length

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

EARLIEST = -9_214_560_000 * SECOND  # 1678-01-01 and 2262-01-01: a bar about any instant between them, of the
LATEST = 9_214_646_400 * SECOND  # longest period, ends within int64
LONGEST = 90 * DAY  # of a period
MONDAY = 4 * DAY  # 1970-01-05; the epoch was a Thursday


class Period:
    """A length of bars: its canonical name, nanoseconds, and an instant at which one begins."""

    __slots__ = ("anchor", "name", "ns")

    def __init__(self, name: str, ns: int) -> None:
        self.name = name
        self.ns = ns
        self.anchor = MONDAY if name.endswith("w") else 0

    def holds(self, finer: Period) -> bool:
        """Whether each bar of this period is made of whole bars of the finer one."""
        return finer.ns < self.ns and self.ns % finer.ns == 0 and (self.anchor - finer.anchor) % finer.ns == 0

    def __repr__(self) -> str:
        return f"<period {self.name}>"


def parse_period(text: str) -> Period:
    """A period by any of its names: 24h is 1d, 5min is 5m, 60s is 1m.

    >>> parse_period("24h").name, parse_period("5min").name, parse_period("90m").ns
    ('1d', '5m', 5400000000000)
    """
    count, unit = split(text)
    unit = SPELLINGS.get(unit, unit)
    if unit not in UNITS or count <= 0:
        hint = "; a month is not a period, 1m is a minute" if unit == "M" else ""
        raise HqError(f"period '{text}' is not a count and one of s, m, h, d, w (15m, 4h, 1d){hint}", USAGE)
    ns = count * UNITS[unit]
    if ns > LONGEST:
        raise HqError(f"period {text} is longer than {say_length(LONGEST)}", USAGE)
    if ns < DAY and DAY % ns:
        raise HqError(f"period {text} does not divide a day: its bars would begin at other times every day", USAGE)
    if ns % UNITS["w"] == 0:
        if ns != UNITS["w"]:
            raise HqError(f"period {text} is longer than 1w", USAGE)
        return Period("1w", ns)
    short = next(u for u in ("d", "h", "m", "s") if ns % UNITS[u] == 0)
    return Period(f"{ns // UNITS[short]}{short}", ns)


def parse_periods(text: str) -> tuple[Period, ...]:
    """The periods of 15m:4h:1d or 15m,4h,1d, finest first."""
    if not isinstance(text, str):
        raise HqError(f"periods: {text!r:.60}, must be a text such as 15m:4h", USAGE)
    found = [parse_period(word.strip()) for word in text.replace(",", ":").split(":")]
    names = [period.name for period in found]
    for name in names:
        if names.count(name) > 1:
            raise HqError(f"period {name} is there twice in '{text}'", USAGE)
    return tuple(sorted(found, key=lambda period: period.ns))


def within(ts: int) -> int:
    """The nearest instant that bars can be made of: what a mark says beyond it says nothing more."""
    return min(max(ts, EARLIEST), LATEST)


def far(ts: int) -> str:
    """What to say about an instant that no bar can be made of, or ''."""
    if EARLIEST <= ts <= LATEST:
        return ""
    when = f" is {iso_text(ts)}" if -EVER - 1 <= ts <= EVER else ""
    return f"ts {ts}{when}: bars are made of times from {iso_text(EARLIEST)} to {iso_text(LATEST)}"


class Edges:
    """The instants at which the days, or the weeks, of a time zone begin; computed for the times in use.

    A day begins at its first existing 00:00 on the zone's clocks: days of 23 and 25 hours come out by themselves.
    """

    def __init__(self, zone: ZoneInfo, weeks: bool) -> None:
        self.zone = zone
        self.weeks = weeks
        self.table = array("q")

    def cover(self, low: int, high: int) -> bool:
        """Let the table reach over [low, high]; true when it has changed."""
        table = self.table
        if table and table[0] <= low and high < table[-1]:
            return False
        if table:
            low, high = min(low, table[0]), max(high, table[-1])
        self.table = array("q", self._days(low, high))
        return True

    def _days(self, low: int, high: int) -> list[int]:
        from datetime import UTC, datetime, timedelta

        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        day = (epoch + timedelta(seconds=low // SECOND)).date() - timedelta(days=9)
        if self.weeks:
            day -= timedelta(days=day.weekday())
        step = timedelta(days=7 if self.weeks else 1)
        found: list[int] = []
        while not found or found[-1] <= high + 32 * DAY:
            since = datetime(day.year, day.month, day.day, tzinfo=self.zone) - epoch
            edge = max(-EVER, min((since.days * 86_400 + since.seconds) * SECOND, EVER))
            if not found or edge > found[-1]:  # a date that the zone skipped has no day of its own
                found.append(edge)
            if edge == EVER:
                break
            day += step
        return found
