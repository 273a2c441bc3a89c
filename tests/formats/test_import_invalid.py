"""Prices and times that cannot be: an error of every filter, unless hq-import is told to drop or keep them."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from frames import read, tagged
from inputs import descriptor

from hq_core.errors import HqError
from hq_core.formats import SourceOptions, open_source

MINUTE = 60_000
START = 1_704_067_200_000
HEAD = "open_time,open,high,low,close,volume"
GOOD = ["10,12,9,11,5", "11,12,9,11,5", "12,12,9,11,5", "9,12,9,12,5"]


def source(data: bytes, **options):
    fd = descriptor(data)
    made = SourceOptions(**options)
    return open_source(fd, b"", made), made


def rows(data: bytes, column: str = "close", **options) -> tuple[list, dict[str, int]]:
    """A column of all rows, and what was dropped."""
    found, made = source(data, **options)
    values: list = []
    for kind, item in tagged(found):
        if kind == "rows":
            values += item.view(column).tolist()
    return values, made.dropped


def table(*lines: str, head: str = HEAD, start: int = START, step: int = MINUTE) -> bytes:
    return "\n".join([head, *(f"{start + i * step},{line}" for i, line in enumerate(lines)), ""]).encode()


BAD = {
    "high below low": ("10,8,9,9,5", "high 8.0 is below low 9.0"),
    "open outside low and high": ("13,12,9,11,5", "open 13.0 lies outside low 9.0 and high 12.0"),
    "close outside low and high": ("10,12,9,8.5,5", "close 8.5 lies outside low 9.0 and high 12.0"),
    "low not above 0": ("10,12,-9,11,5", "low is -9.0, must be a finite number above 0"),
    "close not above 0": ("0,0,0,0,5", "is 0.0, must be a finite number above 0"),
    "volume below 0": ("10,12,9,11,-5", "volume is -5.0, must be a finite number from 0 on"),
}


# -- bars ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("reason", [*BAD])
@pytest.mark.parametrize("place", [0, 2, 4])
def test_bars_that_cannot_be_are_errors_dropped_or_kept(reason, place):
    line, told = BAD[reason]
    lines = [*GOOD[:place], line, *GOOD[place:]]
    data = table(*lines)
    with pytest.raises(HqError, match=rf"row {place + 1} .*{told}; pass invalid drop or keep to read") as caught:
        rows(data)
    assert caught.value.code == 65
    good = [float(one.split(",")[3]) for one in GOOD]
    assert rows(data, invalid="drop")[0] == good
    assert len(rows(data, invalid="keep")[0]) == 5


def test_dropped_rows_are_counted_by_reason():
    lines = [line for line, _ in BAD.values()]
    got, dropped = rows(table(*GOOD, *lines, *GOOD, *lines), invalid="drop")
    assert len(got) == 8
    assert dropped == {
        "high below low": 2,
        "open outside low and high": 2,
        "close outside low and high": 2,
        "low not above 0": 2,
        "open not above 0": 2,
        "volume below 0": 2,
    }


def test_a_csv_with_high_below_low_goes_into_no_filter(run):
    """One rule for every source, so hq-import is no way around it and none is needed."""
    for command in "hq-indicators sma:2", "hq-aggregate 1h", "hq-export csv", "hq-import":
        ran = run(f"{command} > /dev/null", table(*GOOD, BAD["high below low"][0]))
        assert (ran.code, "row 5" in ran.stderr, "high 8.0 is below low 9.0" in ran.stderr) == (65, True, True), command


def test_what_is_dropped_is_told_and_stands_in_the_end_frame(run):
    ran = run("hq-import --invalid drop", table(*GOOD, BAD["high below low"][0], *GOOD))
    assert ran.stderr == "hq-import: high below low: 1 row dropped\n"
    said = read(ran.stdout)
    assert said.ends[0]["dropped"] == {"high below low": 1}
    assert len(said.rows["bar//1m"]["ts"]) == 8


def test_a_bar_still_forming_is_exempt():
    data = table(*(f"{line},1" for line in GOOD), "10,8,9,9,5,0", head=HEAD + ",complete")
    assert len(rows(data)[0]) == 5


def test_a_missing_price_is_no_wrong_price():
    assert len(rows(table(*GOOD, ",,,,"))[0]) == 5


def test_json_arrays_and_tables_are_looked_at_too():
    names = HEAD.split(",")
    lines = [[START + i * MINUTE, *map(float, line.split(","))] for i, line in enumerate([*GOOD, "10,8,9,9,5"])]
    objects = [dict(zip(names, line)) for line in lines]
    to = io.BytesIO()
    np.savez(to, **{n: np.array([o[n] for o in objects], "<i8" if n == "open_time" else "<f8") for n in names})
    for data in json.dumps(objects).encode(), to.getvalue():
        with pytest.raises(HqError, match="high 8.0 is below low 9.0"):
            rows(data)
        assert rows(data, invalid="drop") == ([11.0, 11.0, 11.0, 12.0], {"high below low": 1})


def test_a_dropped_row_moves_no_other_row():
    """Blocks of 8192 rows: every third row goes, across all of them and in all columns."""
    lines = [f"10,12,9,{9 + i % 4},{i}" if i % 3 else f"10,8,9,9,{i}" for i in range(20_000)]
    want = [float(i) for i in range(20_000) if i % 3]
    for column in "volume", "ts", "open_time":
        got, dropped = rows(table(*lines), column, invalid="drop")
        assert dropped == {"high below low": 6667}
        shift = {"ts": MINUTE, "open_time": 0}.get(column)
        assert got == (want if shift is None else [(START + int(i) * MINUTE + shift) * 10**6 for i in want])


# -- trades --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("row", "told"), [("0,1", "price is 0.0"), ("-1,1", "price is -1.0"), ("1,-2", "qty is -2.0")])
def test_trades_that_cannot_be_are_errors_dropped_or_kept(row, told):
    data = table("5,1", row, "6,1", head="transact_time,price,qty")
    with pytest.raises(HqError, match=f"row 2 .*{told}"):
        rows(data, "price")
    assert rows(data, "price", invalid="drop")[0] == [5.0, 6.0]
    assert len(rows(data, "price", invalid="keep")[0]) == 3


def test_a_price_that_is_no_number_in_an_array():
    to = io.BytesIO()
    np.savez(to, ts_ms=np.array([START, START + 1]), price=np.array([1.0, np.nan]), qty=np.array([1.0, 1.0]))
    text = b"transact_time,price,qty\n1704067200000,1,1\n1704067200001,nan,1\n"
    for data in to.getvalue(), text:
        with pytest.raises(HqError, match="row 2.*nan'? is not a number"):
            rows(data, "price")
        assert rows(data, "price", invalid="drop") == ([1.0], {"price not above 0": 1})
        assert len(rows(data, "price", invalid="keep")[0]) == 2


# -- overlaps ------------------------------------------------------------------------------------------------
def test_bars_nearer_than_the_stated_period_overlap():
    data = table(*GOOD)
    with pytest.raises(HqError, match="row 2 .*2024-01-01T00:01:00Z overlaps the one before it: the period is 5m"):
        rows(data, period="5m")
    assert rows(data, period="5m", invalid="drop") == ([11.0], {"overlaps the bar before": 3})
    assert len(rows(data, period="5m", invalid="keep")[0]) == 4


def test_a_bar_that_lasts_longer_than_the_stated_period():
    head = "open_time,close_time,close"
    data = "\n".join([head, *(f"{START + i * MINUTE},{START + (i + 1) * MINUTE - 1},1" for i in range(3)), ""]).encode()
    with pytest.raises(HqError, match="row 1 .*lasts 60 s, the period is 30s"):
        rows(data, period="30s")
    assert rows(data, period="30s", invalid="drop") == ([], {"lasts longer than its period": 3})


def test_bars_of_rolling_windows_overlap():
    head = "open_time,close_time,close"
    lines = [f"{START + i * MINUTE},{START + (i + 5) * MINUTE - 1},1" for i in range(3)]
    with pytest.raises(HqError, match="row 2 .*overlaps the one before it: the period is 5m"):
        rows("\n".join([head, *lines, ""]).encode())


def test_holes_sessions_months_and_clocks_put_forward_are_no_overlaps():
    head, hour, day = "open_time,close_time,close", 60 * MINUTE, 1440 * MINUTE
    sessions = [(0, 6.5 * hour), (day, day + 3.5 * hour), (2 * day, 2 * day + 6.5 * hour)]
    months = [(0, 31 * day), (31 * day, 60 * day), (60 * day, 91 * day)]
    shifted = [(0, day), (day, 2 * day - hour), (2 * day - hour, 3 * day - hour), (3 * day - hour, 4 * day)]
    for bars in sessions, months, shifted:
        lines = [f"{START + int(a)},{START + int(b) - 1},1" for a, b in bars]
        assert len(rows("\n".join([head, *lines, ""]).encode())[0]) == len(bars)
    assert len(rows(table(*GOOD, step=7 * MINUTE), period="1m")[0]) == 4


def test_overlap_is_judged_by_the_zone_of_the_times():
    days = ["2024-03-09", "2024-03-10", "2024-03-11"]
    data = "\n".join(["date,close", *(f"{day},1" for day in days), ""]).encode()
    assert len(rows(data, tz="America/New_York", stamp="open", period="1d")[0]) == 3
    with pytest.raises(HqError, match="overlaps the one before it: the period is 2d"):
        rows(data, tz="America/New_York", stamp="open", period="2d")


@pytest.mark.parametrize("invalid", ["drop", "keep"])
def test_overlaps_are_found_after_sorting(run, tmp_path, invalid):
    lines = table(*GOOD).decode().splitlines()
    (tmp_path / "a.csv").write_text("\n".join([lines[0], *reversed(lines[1:]), ""]))
    ran = run("hq-import --period 5m --stamp open --order sort a.csv | hq-export csv")
    assert (ran.code, "overlaps the one before it" in ran.stderr) == (66, True)
    ran = run(f"hq-import --period 5m --stamp open --order sort --invalid {invalid} a.csv | hq-export csv")
    assert len(ran.text.splitlines()) == (2 if invalid == "drop" else 5)
    assert ("overlaps the bar before: 3 rows dropped" in ran.stderr) == (invalid == "drop")


# -- years ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("year", ["1899-12-31", "2200-01-01"])
def test_years_outside_1900_to_2199_need_an_option(year):
    data = f"open_time,close\n{year},1\n".encode()
    options = {"tz": "UTC", "period": "1d"}
    with pytest.raises(HqError, match=f"row 1 .*{year[:4]}.*1900 to 2199 are read.*pass any_year to read"):
        rows(data, **options)
    assert rows(data, any_year=True, **options)[0] == [1.0]


def test_a_bar_that_ends_beyond_int64_is_told_even_in_any_year():
    with pytest.raises(HqError, match="leaves the years that int64 holds"):
        rows(b"open_time,close\n2261-12-31,1\n", tz="UTC", period="36000d", any_year=True)


def test_1970_is_told(run):
    data = b"".join(b"%d,1,1\n" % i for i in (0, 1, 2))
    for command in "hq-import", "hq-indicators sma:2(price)":
        option = " --time-unit s" if command == "hq-import" else ""
        ran = run(
            f"{command.replace('(', chr(92) + '(').replace(')', chr(92) + ')')}{option} > /dev/null",
            (b"time,price,qty\n" if option else b"ts_s,price,qty\n") + data,
        )
        assert "rows in 1970 (is the time unit right?" in ran.stderr, ran.stderr
        assert ": 3 rows" in ran.stderr
    ran = run("hq-import --time-unit s --any-year > /dev/null", b"time,price,qty\n" + data)
    assert (ran.code, ran.stderr) == (0, "")
