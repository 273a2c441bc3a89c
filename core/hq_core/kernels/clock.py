"""Instants as numbers: what a clock and a calendar show.  ts is ns on that clock, UTC or a zone's."""

from __future__ import annotations

from hq_core.jit import F8, I8, State, inline, kernel

DAY, HOUR, MINUTE = 86_400_000_000_000, 3_600_000_000_000, 60_000_000_000


@inline
def in_day(ts: int) -> int:
    """ns since midnight."""
    return ts - (ts // DAY) * DAY


@inline
def civil(ts: int) -> tuple[int, int, int]:
    """Year, month and day of the proleptic Gregorian calendar (Hinnant, civil_from_days)."""
    days = ts // DAY + 719468
    era = days // 146097
    of_era = days - era * 146097
    year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    shifted = (5 * of_year + 2) // 153  # months from March on
    day = of_year - (153 * shifted + 2) // 5 + 1
    month = shifted + 3 if shifted < 10 else shifted - 9
    return year + era * 400 + (1 if month <= 2 else 0), month, day


@kernel()
def hour(ts: I8, out: F8) -> None:
    for i in range(len(ts)):
        out[i] = float(in_day(ts[i]) // HOUR)


@kernel()
def minute(ts: I8, out: F8) -> None:
    for i in range(len(ts)):
        out[i] = float(in_day(ts[i]) // MINUTE % 60)


@kernel()
def minute_of_day(ts: I8, out: F8) -> None:
    for i in range(len(ts)):
        out[i] = float(in_day(ts[i]) // MINUTE)


@kernel()
def weekday(ts: I8, out: F8) -> None:
    """1 on Mondays to 7 on Sundays (ISO 8601)."""
    for i in range(len(ts)):
        days = ts[i] // DAY + 3
        out[i] = float(days - (days // 7) * 7 + 1)


@kernel()
def day(ts: I8, out: F8) -> None:
    for i in range(len(ts)):
        out[i] = float(civil(ts[i])[2])


@kernel()
def month(ts: I8, out: F8) -> None:
    for i in range(len(ts)):
        out[i] = float(civil(ts[i])[1])


@kernel()
def year(ts: I8, out: F8) -> None:
    for i in range(len(ts)):
        out[i] = float(civil(ts[i])[0])


@kernel()
def time_label(ts: I8, minutes: int, out: F8) -> None:
    """Which stretch of so many minutes of its day a row closes in, from 1 on; one that closes on the border ends it."""
    for i in range(len(ts)):
        out[i] = float(in_day(ts[i] - 1) // (minutes * MINUTE) + 1)


@kernel()
def in_session(ts: I8, first: int, last: int, out: F8) -> None:
    """1 where a row closes in a session, after its first minute of the day and up to its last; it may pass midnight."""
    for i in range(len(ts)):
        at = in_day(ts[i] - 1)
        after, before = at >= first * MINUTE, at < last * MINUTE
        out[i] = 1.0 if (after & before if first < last else after | before) else 0.0


@kernel(state="at:i8<=since")
def local(ts: I8, since: I8, offset: I8, s: State, out: I8) -> None:
    """ts on a zone's clock: offset[k] ns ahead of UTC from since[k] on.

    s  at: how many of `since` lay at or before the last row
    """
    at = s.at
    for i in range(len(ts)):
        while at > 0 and ts[i] < since[at - 1]:
            at -= 1
        while at < len(since) and since[at] <= ts[i]:
            at += 1
        out[i] = ts[i] + offset[at - 1 if at > 0 else 0]
    s.at = at
