"""How many rows make a year: from the period and the days on which the data has rows."""

from __future__ import annotations

from hq_core.batch import period_ns

DAY_NS = 86_400 * 1_000_000_000
YEAR_NS = 31_557_600 * 1_000_000_000  # 365.25 days, for spans of calendar time
MONTH_NS = 30 * DAY_NS
WEEK_NS = 7 * DAY_NS
OPEN_ALL_DAYS, OPEN_ON_WEEKDAYS = 365, 252  # days a year of a market that never closes, and of a stock exchange
DENSE = 0.95  # part of the times at which a row could be that has one; below it rows are counted as they lie
ALL_DAY = 0.5  # of less than a week: a part that no exchange of sessions reaches


def years(first_ts: int, last_ts: int) -> float:
    """Years of 365.25 days between two instants, ns."""
    return (last_ts - first_ts) / YEAR_NS


def periods_per_year(
    period: str, rows: int, first_ts: int, last_ts: int, days: int, weekdays: int
) -> tuple[float | None, str]:
    """Rows a year, and what that was derived from.

    days       UTC days on which rows ended;  weekdays: bit i for each day of the week on which one did
    A market whose rows end on five days of the week has 252 days a year, one with rows on all seven has 365, if
    there is a row nearly wherever one could be; else the rows of the span are counted.  Of less than a week nobody
    can tell: with rows at most times it is taken for open on all days.
    """
    span, seen, length = last_ts - first_ts, weekdays.bit_count(), period_ns(period)
    if rows < 2 or span <= 0:
        return (OPEN_ALL_DAYS * DAY_NS / length if length else None), "one row tells no spacing"
    counted = YEAR_NS * (rows - 1) / span
    there = (rows - 1) * length / span  # part of the period's rows that came
    if length >= WEEK_NS and there >= DENSE:
        return OPEN_ALL_DAYS * DAY_NS / length, f"period {period}"
    if span >= WEEK_NS:
        if seen == 5 and days >= DENSE * 5 / 7 * (span / DAY_NS) * OPEN_ON_WEEKDAYS / 261:
            if length == DAY_NS or rows == days:
                return float(OPEN_ON_WEEKDAYS), f"{OPEN_ON_WEEKDAYS} days: no rows on two days of the week"
            each = rows / days
            return OPEN_ON_WEEKDAYS * each, f"{OPEN_ON_WEEKDAYS} days of {each:.4g} rows, none on two days of the week"
        if seen == 7 and there >= DENSE:
            return OPEN_ALL_DAYS * DAY_NS / length, f"period {period}, open all days"
        return counted, "rows counted over the span"
    if not length:
        return counted, "rows counted over the span"
    if there >= DENSE:
        return OPEN_ALL_DAYS * DAY_NS / length, f"period {period}, taken for open all days"
    if there >= ALL_DAY:
        return counted, "rows counted over the span, taken for open all days"
    return None, "under a week with long gaps, which tells nothing; periods_per_year has to be given"
