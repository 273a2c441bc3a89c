"""Times as numbers: of the row's ts or its open_time, in UTC or on a zone's clock."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from signal_runs import SECOND, Run, bar, strategy
from strategies import form, refused


def at(moment: str) -> int:
    return int(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp())


def values(text: str, moments: list[str], opened: int = 900, **more: Any) -> list[float]:
    """x of bars that are known at these moments, in UTC, and opened so many seconds before."""
    rows = [bar(at(one), 1.0, open_time=(at(one) - opened) * SECOND) for one in moments]
    return Run(strategy(f"x = {text}", keep=["x"], **more)).announce("15m").feed("15m", rows).finish().column("x")


def hours(of: str) -> list[str]:
    """Times of one day."""
    return [f"2026-03-09T{one}" for one in of.split()]


NEW_YORK = '"America/New_York"'
SPRING = ["2026-03-08T06:45", "2026-03-08T07:00", "2026-03-08T07:15"]  # at 07:00 its clocks go from 02:00 to 03:00
AUTUMN = ["2026-11-01T05:45", "2026-11-01T06:00", "2026-11-01T06:15"]  # at 06:00 from 02:00 back to 01:00


@pytest.mark.parametrize(
    ("text", "moments", "wanted"),
    [
        ("HOUR()", ["2026-03-08T06:45", "2026-03-08T23:59:59", "2026-03-09T00:00"], [6, 23, 0]),
        ("MINUTE()", ["2026-03-08T06:45", "2026-03-08T06:59:59"], [45, 59]),
        ("MINUTE_OF_DAY()", ["2026-03-08T06:45", "2026-03-08T23:59:59"], [405, 1439]),
        ("WEEKDAY()", ["2026-03-08T06:45", "2026-03-09T00:00", "2026-03-15T23:59"], [7, 1, 7]),
        ("DAY()", ["2024-02-29T12:00", "2024-03-01T00:00"], [29, 1]),
        ("MONTH()", ["2024-02-29T12:00", "2024-12-31T23:59"], [2, 12]),
        ("YEAR()", ["1969-12-31T23:59", "2024-12-31T23:59", "2025-01-01T00:00"], [1969, 2024, 2025]),
        (f"HOUR({NEW_YORK})", SPRING, [1, 3, 3]),
        (f"HOUR({NEW_YORK})", AUTUMN, [1, 1, 1]),
        (f"MINUTE_OF_DAY(zone={NEW_YORK})", SPRING, [105, 180, 195]),
        (f"MINUTE_OF_DAY(zone={NEW_YORK})", AUTUMN, [105, 60, 75]),
        (f"DAY({NEW_YORK})", ["2026-03-08T04:59", "2026-03-08T05:00"], [7, 8]),
        (f"WEEKDAY({NEW_YORK})", ["2026-03-08T04:59", "2026-03-08T05:00"], [6, 7]),
        ('HOUR("Asia/Kolkata")', ["2026-03-08T06:45", "2026-03-08T18:30"], [12, 0]),
        ('MINUTE("Australia/Lord_Howe")', ["2026-04-04T14:45", "2026-04-04T15:00"], [45, 30]),  # by half an hour
        ('HOUR("UTC")', ["2026-03-08T06:45"], [6]),
        ("HOUR(time=open_time)", ["2026-03-08T07:00", "2026-03-08T07:15"], [6, 7]),
        ("HOUR(time=ts)", ["2026-03-08T07:00"], [7]),
        (f"HOUR({NEW_YORK}, open_time)", SPRING, [1, 1, 3]),
        ("TIME_LABEL()", [f"2026-03-0{one}" for one in ("8T00:05", "8T00:06", "8T23:59", "9T00:00")], [1, 2, 288, 288]),
        ("TIME_LABEL(15)", ["2026-03-08T00:15", "2026-03-08T00:16", "2026-03-09T00:00"], [1, 2, 96]),
        ("TIME_LABEL(1440)", ["2026-03-08T00:15", "2026-03-09T00:00"], [1, 1]),
        (f"TIME_LABEL(60, {NEW_YORK})", SPRING, [2, 3, 4]),
        ('IN_SESSION("09:30-16:00")', hours("09:30 09:31 16:00 16:01"), [0, 1, 1, 0]),
        ('IN_SESSION("22:00-02:00")', hours("00:00 02:00 02:01 22:00 22:01"), [1, 1, 0, 0, 1]),
        ('IN_SESSION("22:00-24:00")', ["2026-03-09T00:00", "2026-03-09T00:01", "2026-03-09T23:00"], [1, 0, 1]),
        ('IN_SESSION("00:00-09:00")', ["2026-03-09T00:00", "2026-03-09T00:01", "2026-03-09T09:00"], [0, 1, 1]),
        (f'IN_SESSION("09:30-16:00", {NEW_YORK})', ["2026-03-06T14:45", *hours("13:45 20:01")], [1, 1, 0]),
        ('IN_SESSION("09:30-16:00", time=open_time)', ["2026-03-09T09:45", "2026-03-09T10:00"], [0, 1]),
    ],
)  # fmt: skip
def test_by_hand(text: str, moments: list[str], wanted: list[float]) -> None:
    assert values(text, moments) == [float(one) for one in wanted]


def test_of_another_series_it_is_the_time_of_its_row() -> None:
    run = Run(strategy("x = HOUR()@4h\ny = (HOUR() * 100 + MINUTE(time=open_time))@4h", keep=["x", "y"]))
    run.announce("15m", "4h")
    run.feed("4h", [bar(at("2026-03-08T04:00"), open_time=at("2026-03-08T00:00") * SECOND)])
    run.feed("15m", [bar(at("2026-03-08T04:00")), bar(at("2026-03-08T05:15"))])
    run.feed("4h", [bar(at("2026-03-08T08:00"), open_time=at("2026-03-08T04:30") * SECOND)])
    run.feed("15m", [bar(at("2026-03-08T09:00"))]).finish()
    assert run.column("x") == [4.0, 4.0, 8.0]
    assert run.column("y") == [400.0, 400.0, 830.0]


def test_a_zone_over_years_and_in_any_frames() -> None:
    """The table of a zone's clock grows with what it is asked."""
    moments = [f"{year}-0{month}-01T12:00" for year in range(1965, 2040, 5) for month in (1, 7)]
    rows = [bar(at(one), 1.0) for one in moments]
    text = 'x = HOUR("Europe/London")'
    whole = Run(strategy(text, keep=["x"])).announce("15m").feed("15m", rows).finish().column("x")
    each = Run(strategy(text, keep=["x"])).announce("15m").feed("15m", rows, cut=1).finish().column("x")
    assert whole == each
    # the whole of 1970 was summer time there
    assert whole[:8] == [12.0, 13.0, 13.0, 13.0, 12.0, 13.0, 12.0, 13.0]


def test_canonical_form() -> None:
    text = "x=hour( 'Asia/Tokyo',time=open_time )\ny=in_session('09:30-16:00')\nz=Time_Label(15)"
    canonical = "x = HOUR('Asia/Tokyo', time=open_time)\ny = IN_SESSION('09:30-16:00')\nz = TIME_LABEL(15)\n"
    assert form(text) == canonical
    assert form(canonical) == canonical


REFUSED = [
    ('x = HOUR(<"Amerika/New_York">)', "time zone 'Amerika/New_York' is not known; zones have IANA names, such as "),
    ('x = HOUR(<"">)', "time zone '' is not known; "),
    ('x = HOUR(<"../../etc/passwd">)', "time zone '../../etc/passwd' is not known; "),
    ("x = HOUR(<3>)", "zone is the name of a time zone in quotes, this is a number"),
    ("x = HOUR(time=<close>)", "time is ts or open_time"),
    ("x = HOUR(<when>=ts)", "HOUR takes no 'when=': HOUR(zone=UTC, time=ts)"),
    ('x = HOUR("UTC", ts, <3>)', "HOUR has no place for this: HOUR(zone=UTC, time=ts)"),
    ("x = <IN_SESSION()>", "IN_SESSION lacks session: IN_SESSION(session, zone=UTC, time=ts)"),
    (
        'x = <IN_SESSION("9:30-16:00")>',
        "a session is '9:30-16:00', must be two times of the day, as in \"09:30-16:00\"",
    ),
    ('x = <IN_SESSION("09:30-24:01")>', "a session is '09:30-24:01', must be two times of the day, as in"),
    ('x = <IN_SESSION("09:60-16:00")>', "a session is '09:60-16:00', must be two times of the day, as in"),
    ('x = <IN_SESSION("09:30-09:30")>', "a session is '09:30-09:30', must be two times of the day, as in"),
    ("x = IN_SESSION(<close>)", "session is a text in quotes, this is a price"),
    ("x = <TIME_LABEL(7)>", "7 minutes do not divide a day"),
    ("x = TIME_LABEL(<0>)", "minutes is 0, must be 1 to 100000"),
    ("x = <TIME_LABEL(2880)>", "2880 minutes do not divide a day"),
    ("x = <ts> + 1", "'ts' is a time, which only META takes"),
]


@pytest.mark.parametrize(("marked", "reason"), REFUSED)
def test_refused(marked: str, reason: str) -> None:
    assert refused(marked).startswith(reason)
