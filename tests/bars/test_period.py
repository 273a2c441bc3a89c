"""Names of periods, and the days and weeks of time zones; the expected instants are worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hq_core.bars.period import Edges, parse_period, parse_periods
from hq_core.durations import parse_duration
from hq_core.errors import USAGE, HqError
from hq_core.say import iso_text, say_length
from hq_core.zones import open_zone

SECOND = 10**9
HOUR = 3600 * SECOND


def utc(*when):
    return int(datetime(*when, tzinfo=UTC).timestamp()) * SECOND


def days(zone, low, high, weeks=False):
    edges = Edges(ZoneInfo(zone), weeks)
    edges.cover(low, high)
    return [edge for edge in edges.table if low <= edge <= high]


@pytest.mark.parametrize(
    ("text", "name", "seconds"),
    [
        ("1s", "1s", 1),
        ("5s", "5s", 5),
        ("1m", "1m", 60),
        ("5min", "5m", 300),
        ("15m", "15m", 900),
        ("90m", "90m", 5400),
        ("60m", "1h", 3600),
        ("4h", "4h", 14400),
        ("8h", "8h", 28800),
        ("12h", "12h", 43200),
        ("24h", "1d", 86400),
        ("1d", "1d", 86400),
        ("7d", "1w", 604800),
        ("1w", "1w", 604800),
        ("1day", "1d", 86400),
        ("3d", "3d", 259200),
    ],
)
def test_a_period_has_one_name_however_it_is_written(text, name, seconds):
    period = parse_period(text)
    assert (period.name, period.ns) == (name, seconds * SECOND)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "count"),
        ("m", "count"),
        ("0m", "count"),
        ("-5m", "count"),
        ("1.5h", "count"),
        ("15", "count"),
        ("5x", "count"),
        ("1M", "month"),
        ("7m", "does not divide a day"),
        ("2w", "longer than 1w"),
        ("9999999999999999999999s", "longer than 90d"),
        ("90000d", "longer than 90d"),
    ],
)
def test_what_is_no_period_is_refused_with_the_reason(text, said):
    with pytest.raises(HqError, match=said) as caught:
        parse_period(text)
    assert caught.value.code == USAGE


def test_a_chain_is_sorted_and_separated_by_colons_or_commas():
    assert [p.name for p in parse_periods("1d:15m,4h")] == ["15m", "4h", "1d"]
    with pytest.raises(HqError, match="twice"):
        parse_periods("24h:1d")


@pytest.mark.parametrize(
    ("coarse", "fine", "fits"),
    [
        ("4h", "15m", True),
        ("12h", "8h", False),
        ("12h", "4h", True),
        ("1w", "1d", True),
        ("1w", "3d", False),
        ("1h", "1h", False),
        ("15m", "4h", False),
        ("3d", "1d", True),
    ],
)
def test_bars_are_merged_only_from_periods_that_fill_them(coarse, fine, fits):
    assert parse_period(coarse).holds(parse_period(fine)) is fits


@pytest.mark.parametrize(
    ("text", "ns"), [("2s", 2 * SECOND), ("500ms", 5 * 10**8), ("7us", 7000), ("3ns", 3), ("1d", 24 * HOUR)]
)
def test_a_duration_has_its_unit(text, ns):
    assert parse_duration(text) == ns


@pytest.mark.parametrize("text", ["2", "s", "", "-1s", "1 fortnight", "0.5s"])
def test_a_duration_without_a_unit_is_refused(text):
    with pytest.raises(HqError, match="duration"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["90000d", "99999999999999999999d", "36501d"])
def test_a_duration_beyond_every_use_is_refused_with_the_bound(text):
    with pytest.raises(HqError, match="max-gap: .* is longer than 36500d") as caught:
        parse_duration(text, "max-gap")
    assert caught.value.code == USAGE


def test_times_and_lengths_are_said_for_people():
    assert iso_text(1_723_161_240 * SECOND) == "2024-08-08T23:54:00Z"
    assert iso_text(1_723_161_240 * SECOND + 1_500_000) == "2024-08-08T23:54:00.0015Z"
    assert say_length(26 * HOUR + 30 * 60 * SECOND + 1) == "1d 2h"
    assert say_length(90 * SECOND) == "1m 30s"
    assert [say_length(ns) for ns in (0, 999, 1500, 400_000_000, 999_999_999)] == [
        "0s",
        "999 ns",
        "1.5 us",
        "400 ms",
        "999.999999 ms",
    ]


def test_london_has_a_day_of_23_hours_and_one_of_25():
    """Summer time: 2024-03-31 01:00 UTC to 2024-10-27 01:00 UTC; a summer day begins at 23:00 UTC the day before."""
    spring = days("Europe/London", utc(2024, 3, 30), utc(2024, 4, 2))
    assert spring == [utc(2024, 3, 30), utc(2024, 3, 31), utc(2024, 3, 31, 23), utc(2024, 4, 1, 23)]
    autumn = days("Europe/London", utc(2024, 10, 25, 12), utc(2024, 10, 29))
    assert autumn == [utc(2024, 10, 25, 23), utc(2024, 10, 26, 23), utc(2024, 10, 28), utc(2024, 10, 29)]


def test_a_midnight_that_does_not_exist_gives_way_to_the_first_instant_of_the_day():
    """São Paulo, 2018-11-04: the clocks went from 23:59:59 (-3) to 01:00 (-2), at 03:00 UTC."""
    assert days("America/Sao_Paulo", utc(2018, 11, 3), utc(2018, 11, 6)) == [
        utc(2018, 11, 3, 3),
        utc(2018, 11, 4, 3),
        utc(2018, 11, 5, 2),
    ]


def test_a_day_that_a_zone_skipped_is_no_day():
    """Samoa went from 2011-12-29 (-10) straight to 2011-12-31 (+14), at 10:00 UTC on the 30th."""
    assert days("Pacific/Apia", utc(2011, 12, 29), utc(2012, 1, 1)) == [
        utc(2011, 12, 29, 10),
        utc(2011, 12, 30, 10),
        utc(2011, 12, 31, 10),
    ]


def test_offsets_need_not_be_whole_hours():
    assert days("Asia/Kathmandu", utc(2024, 1, 1), utc(2024, 1, 2)) == [utc(2024, 1, 1, 18, 15)]


def test_the_ends_of_time_do_not_overflow():
    edges = Edges(ZoneInfo("Europe/London"), weeks=False)
    edges.cover(2**63 - 2, 2**63 - 2)
    assert edges.table[-1] == 2**63 - 1
    edges.cover(-(2**63) + 1, -(2**63) + 1)
    assert edges.table[0] == -(2**63) + 1


def test_weeks_begin_on_mondays():
    assert days("Europe/London", utc(2024, 3, 20), utc(2024, 4, 10), weeks=True) == [
        utc(2024, 3, 25),
        utc(2024, 3, 31, 23),
        utc(2024, 4, 7, 23),
    ]
    begin = datetime.fromtimestamp((parse_period("1w").anchor + 2000 * parse_period("1w").ns) // SECOND, UTC)
    assert begin.weekday() == 0
    assert begin.time() == datetime.min.time()


def test_an_unknown_zone_is_named():
    for name in ("Europe/Londn", "../etc/passwd", ""):
        with pytest.raises(HqError, match="time zone"):
            open_zone(name)


@pytest.mark.parametrize("name", ["localtime", "posixrules", "right/Europe/London", "posix/Europe/London"])
def test_a_zone_that_each_machine_sets_for_itself_is_none(name, monkeypatch):
    monkeypatch.setattr("zoneinfo.ZoneInfo", lambda _: ZoneInfo("Asia/Tokyo"))  # a machine that has it
    with pytest.raises(HqError, match=f"time zone '{name}' is not known"):
        open_zone(name)


@given(
    zone=st.sampled_from(
        ["Europe/London", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Tokyo"]
    ),
    hours=st.lists(st.integers(0, 24 * 365 * 60), min_size=1, max_size=4),
)
def test_every_instant_lies_in_the_day_that_the_clocks_show(zone, hours):
    edges = Edges(ZoneInfo(zone), weeks=False)
    instants = [hour * HOUR for hour in hours]
    for instant in instants:
        edges.cover(instant, instant)
    for instant in instants:
        begin = max(edge for edge in edges.table if edge <= instant)
        end = min(edge for edge in edges.table if edge > instant)
        shown = datetime.fromtimestamp(instant // SECOND, ZoneInfo(zone)).date()
        assert datetime.fromtimestamp(begin // SECOND, ZoneInfo(zone)).date() == shown
        assert datetime.fromtimestamp(end // SECOND, ZoneInfo(zone)).date() == shown + timedelta(days=1)
