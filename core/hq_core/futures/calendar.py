"""How many rows make a year: from the period and the days on which the data has rows."""
from __future__ import annotations

from hq_core.batch import period_ns

DAY_NS = 86_400 * 1_000_000_000
YEAR_NS = 31_557_600 * 1_000_000_000       # 365.25 days, for spans of calendar time
MONTH_NS = 30 * DAY_NS
WEEK_NS = 7 * DAY_NS
OPEN_ALL_DAYS, OPEN_ON_WEEKDAYS = 365, 252  # days a year of a market that never closes, and of a stock exchange


def years(first_ts: int, last_ts: int) -> float:
    """Years of 365.25 days between two instants, ns."""
    return (last_ts - first_ts) / YEAR_NS


def periods_per_year(
    period: str, rows: int, first_ts: int, last_ts: int, days: int, weekdays: int
) -> tuple[float | None, str]:
    """Rows a year, and what that was derived from.

    days       UTC days on which rows ended;  weekdays: bit i for each day of the week on which one did
    A market whose rows end on five days of the week has 252 days a year, one with rows on all seven has 365; of
    less than a week nobody can tell, and it is taken for open on all days.
    """
    span, seen, length = last_ts - first_ts, weekdays.bit_count(), period_ns(period)
    if length >= WEEK_NS:
        return OPEN_ALL_DAYS * DAY_NS / length, f"period {period}"
    if seen == 5 and span >= WEEK_NS:
        if length == DAY_NS or rows == days:
            return float(OPEN_ON_WEEKDAYS), f"{OPEN_ON_WEEKDAYS} days: no rows on two days of the week"
        each = rows / days
        return OPEN_ON_WEEKDAYS * each, f"{OPEN_ON_WEEKDAYS} days of {each:.4g} rows, none on two days of the week"
    if length and (seen == 7 or span < WEEK_NS):
        why = "open all days" if seen == 7 else "taken for open all days"
        return OPEN_ALL_DAYS * DAY_NS / length, f"period {period}, {why}"
    if rows > 1 and span > 0:
        return YEAR_NS * (rows - 1) / span, "mean spacing of the rows"
    if length:
        return OPEN_ALL_DAYS * DAY_NS / length, f"period {period}, taken for open all days"
    return None, "one row tells no spacing"
