"""hq-import's options: files, formats of times, dates apart from times, lines and columns that are not read."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta

import pytest
from frames import read, tagged
from inputs import descriptor

from hq_core.errors import HqError
from hq_core.formats import SourceOptions, open_source
from hq_core.formats.clock import Clock

HOUR = 3600 * 10**9
START = 1_704_067_200 * 10**9  # 2024-01-01


def imported(text: str, **options) -> tuple[dict[str, dict[str, list]], list[str]]:
    """series -> column -> values, and what is told."""
    fd = descriptor(text.encode())
    made = SourceOptions(**options)
    found: dict[str, dict[str, list]] = {}
    for kind, item in tagged(open_source(fd, b"", made)):
        if kind == "rows":
            columns = found.setdefault(item.schema.key, {name: [] for name in item.schema.names})
            for name in item.schema.names:
                columns[name] += item.view(name).tolist()
    return found, made.messages()


# -- files ---------------------------------------------------------------------------------------------------
FIRST = "open_time,close\n1704067200000,1\n1704070800000,2\n"
SECOND = "open_time,close\n1704074400000,3\n1704078000000,4\n"


def test_files_are_read_one_after_the_other_and_dash_is_stdin(run, tmp_path):
    (tmp_path / "a.csv").write_text(FIRST)
    (tmp_path / "b.csv").write_text(SECOND)
    for line in "a.csv b.csv", "a.csv - < b.csv", "- b.csv < a.csv":
        ran = run(f"hq-import {line}")
        assert (ran.code, ran.stderr) == (0, "")
        assert read(ran.stdout).rows["bar//1h"]["close"] == [1.0, 2.0, 3.0, 4.0]
    assert read(run("cat a.csv | hq-import -").stdout).rows["bar//1h"]["close"] == [1.0, 2.0]


def test_files_of_different_formats_are_one_stream(run, tmp_path):
    (tmp_path / "a.csv").write_text(FIRST)
    (tmp_path / "b.json").write_text(
        json.dumps([{"open_time": 1704074400000 + i * 3600000, "close": 3.0 + i} for i in (0, 1)])
    )
    assert run("hq-import a.csv > a.hqf && hq-import a.hqf b.json | hq-export csv --columns close").text == (
        "close\n1.0\n2.0\n3.0\n4.0\n"
    )


def test_a_file_is_read_without_a_stdin(run, tmp_path):
    (tmp_path / "a.csv").write_text(FIRST)
    ran = run("hq-import a.csv <&- | hq-export csv --columns close")
    assert (ran.code, ran.text, ran.stderr) == (0, "close\n1.0\n2.0\n", "")


def test_an_error_names_its_file(run, tmp_path):
    (tmp_path / "a.csv").write_text(FIRST)
    (tmp_path / "b.csv").write_text(SECOND.replace("3\n", "three\n"))
    (tmp_path / "folder").mkdir()
    for line, code, told in (
        ("a.csv b.csv", 65, "b.csv: row 1"),
        ("a.csv none.csv", 66, "none.csv: No such file"),
        ("folder", 66, "folder: is a folder"),
    ):
        ran = run(f"hq-import {line} > /dev/null")
        assert (ran.code, ran.stderr.startswith(f"hq-import: {told}")) == (code, True), ran.stderr


def test_a_state_goes_with_stdin(run, tmp_path):
    (tmp_path / "a.csv").write_text(FIRST)
    ran = run("hq-import a.csv --state s")
    assert (ran.code, "--state goes on within stdin" in ran.stderr) == (2, True)


# -- times ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("form", "first", "second"),
    [
        ("%d/%m/%Y %H:%M", "01/02/2024 10:00", "01/02/2024 11:00"),
        ("%m-%d-%y %I:%M %p", "02-01-24 10:00 AM", "02-01-24 11:00 AM"),
        ("%Y%m%d %H%M%S", "20240201 100000", "20240201 110000"),
        ("%d %b %Y %H:%M:%S.%f", "1 Feb 2024 10:00:00.000000", "1 Feb 2024 11:00:00.000000"),
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_times_are_read_by_a_format(form, first, second, as_json):
    text = f"time,close\n{first},1\n{second},2\n"
    if as_json:
        text = json.dumps([{"time": first, "close": 1}, {"time": second, "close": 2}])
    ((key, got),) = imported(text, time_format=form, tz="UTC", stamp="open")[0].items()
    assert key == "bar//1h"
    assert got["open_time"] == [1706781600 * 10**9, 1706785200 * 10**9]


def test_a_zone_in_the_format_needs_no_option():
    text = "time,close\n2024/02/01 10:00 +0100,1\n2024/02/01 11:00 +0100,2\n"
    got = imported(text, time_format="%Y/%m/%d %H:%M %z", stamp="open")[0]["bar//1h"]
    assert got["open_time"] == [1706778000 * 10**9, 1706781600 * 10**9]


def test_a_format_without_a_zone_asks_for_one():
    with pytest.raises(HqError, match="in which zone\\? pass tz .such as UTC. to read"):
        imported("time,close\n01/02/2024,1\n", time_format="%d/%m/%Y", stamp="open", period="1d")


def test_a_time_that_does_not_fit_the_format_is_an_error_with_its_row():
    text = "time,close\n30/01/2024,1\n31/01/2024,2\n32/01/2024,3\n"
    with pytest.raises(HqError, match="row 3 .*'32/01/2024' is not of the form %d/%m/%Y"):
        imported(text, time_format="%d/%m/%Y", tz="UTC", stamp="open")


def test_a_time_in_no_known_form_names_the_option():
    with pytest.raises(HqError, match="'30/01/2024' is not a time.*pass time_format .such as .* to read"):
        imported("time,close\n30/01/2024,1\n", stamp="open")


def test_a_bad_second_time_is_told_with_its_row():
    """It was a ValueError, exit 70."""
    for text in (
        "open_time,close\n1704067200000,1\nsoon,2\n",
        "time,close\n2024-01-01T00:00:00Z,1\nsoon,2\n",
        json.dumps([{"open_time": 1704067200000, "close": 1}, {"open_time": "soon", "close": 2}]),
    ):
        with pytest.raises(HqError, match="(row|element) 2.*soon") as caught:
            imported(text, stamp="open" if text.startswith("time") else "")
        assert caught.value.code == 65


@pytest.mark.parametrize("date", ["2024-02-01", "2024.02.01", "2024/02/01", "20240201"])
def test_a_date_and_a_time_of_day_are_one_time(date):
    """Files of MetaTrader and their kin, without any option about columns."""
    text = f"<DATE>\t<TIME>\t<OPEN>\t<CLOSE>\n{date}\t9:00\t1\t2\n{date}\t10:00:00\t1\t2\n"
    ((key, got),) = imported(text, tz="Europe/Athens", stamp="open")[0].items()
    assert key == "bar//1h"
    assert got["open_time"] == [1706770800 * 10**9, 1706774400 * 10**9]
    assert [*got] == ["ts", "open_time", "open", "close"]


def test_columns_name_a_date_and_a_time_and_the_format_reads_both():
    text = "02/01/2024,0930,10\n02/01/2024,0931,11\n"
    got = imported(
        text,
        columns={"date": "1", "time": "2", "close": "3"},
        time_format="%m/%d/%Y %H%M",
        tz="America/New_York",
        stamp="open",
    )[0]["bar//1m"]
    assert got["open_time"] == [1706797800 * 10**9, 1706797860 * 10**9]
    with pytest.raises(HqError, match="date and time are two columns that go together"):
        imported(text, columns={"date": "1", "close": "3"}, tz="UTC", stamp="open")


def test_a_date_and_a_time_in_json_and_a_bad_one_with_its_row():
    rows = [{"date": "2024-02-01", "time": f"{hour}:00", "price": 1, "qty": 1} for hour in (9, 10, 25)]
    got = imported(json.dumps(rows[:2]), tz="UTC")[0]["trade//"]
    assert got["ts"] == [1706778000 * 10**9, 1706781600 * 10**9]
    with pytest.raises(HqError, match="element 3 .*25:00"):
        imported(json.dumps(rows), tz="UTC")


@pytest.mark.parametrize(
    "form", ["", "%d/%m/%Y %H:%M", "%Y-%m-%d %H:%M:%S.%f", "%d.%m.%y %H:%M%z", "%H:%M %d.%m.%Y", "%b %d %Y %I:%M %p"]
)
def test_halves_of_times_that_were_read_before_change_nothing(form):
    chance = random.Random(form)
    clock = Clock(form)
    for _ in range(300):
        month, day, hour, half = (chance.randrange(n) for n in (2, 3, 24, 2))
        when = datetime(2024, 1 + month, 1 + day, hour, 30 * half, tzinfo=UTC)
        text = when.strftime(form or "%Y.%m.%d %H:%M")
        if form.endswith("%z"):
            text = text.replace("+0000", "+0130")
            when -= timedelta(minutes=90)
        assert clock.read(text) == int(when.timestamp()) * 10**9
    for text in "", " ", "x", "2024-01-01", "2024-01-01 25:00", "01/01/2024 10:00 x":
        with pytest.raises(ValueError, match="is (not of the form|no date)"):
            clock.read(text)


def test_a_format_that_cannot_be_is_a_usage_error(run):
    for form, told in ("%H:%M", "names no whole date"), ("%Q", "'Q' is a bad directive"):
        ran = run(f"hq-import --time-format {form}", b"")
        assert (ran.code, told in ran.stderr) == (2, True)


# -- lines and columns ---------------------------------------------------------------------------------------
def test_lines_before_the_header_are_skipped():
    text = "Data of somebody, 2024\n\n# not a header: 1,2\nopen_time,close\n1704067200000,1\n1704070800000,2\n"
    assert imported(text, skip_lines=3)[0]["bar//1h"]["close"] == [1.0, 2.0]
    with pytest.raises(HqError, match="fewer lines than the 9 of skip_lines"):
        imported(text, skip_lines=9)


def test_skipped_lines_are_not_skipped_again_where_a_state_goes_on():
    from hq_core.formats.byte_stream import ByteStream
    from hq_core.formats.csv import CsvSource

    def opened(data: bytes) -> CsvSource:
        fd = descriptor(data)
        return CsvSource(ByteStream(fd), SourceOptions(skip_lines=2))

    whole = ("one\ntwo\n" + FIRST + SECOND.partition("\n")[2]).encode()
    first = opened(whole[: whole.index(b"1704074400000")])
    for _ in first:
        pass
    second = opened(whole[first.position :])
    assert [kind for kind, _ in tagged(second.load(first.save()))] == ["schema"]
    closes = [item.view("close").tolist() for kind, item in tagged(second) if kind == "rows"]
    assert sum(closes, []) == [3.0, 4.0]


def test_skip_lines_is_for_text_of_lines(run):
    ran = run("hq-import --skip-lines 1", b'{"open_time": 1704067200000, "close": 1}\n')
    assert (ran.code, "--skip-lines is about lines of CSV" in ran.stderr) == (2, True)


def test_a_column_is_dropped_by_name_or_number():
    text = "open_time,close,Volume,note\n1704067200000,1,many,x\n1704070800000,2,few,y\n"
    for drop in ["Volume", "note"], ["3", "4"], ["Volume"]:
        assert [*imported(text, drop=drop)[0]["bar//1h"]] == ["ts", "open_time", "close"]
    with pytest.raises(HqError, match="column 'volume' is missing.*did you mean Volume"):
        imported(text, drop=["volume"])
    with pytest.raises(HqError, match="column .Volume. is in drop and in columns, as volume"):
        imported(text, drop=["Volume"], columns={"volume": "Volume"})


def test_an_empty_close_time_does_not_stop_an_import():
    text = "Open_time,Close_time,close\n1704067200000,,1\n1704070800000,,2\n"
    got, told = imported(text)
    assert got["bar//1h"]["ts"] == [START + HOUR, START + 2 * HOUR]
    assert told == ["column 'Close_time' is not read: it is empty in row 1"]


def test_a_spare_column_that_fails_later_names_the_option():
    text = "open_time,close_time,close\n1704067200000,1704070799999,1\n1704070800000,,2\n"
    with pytest.raises(HqError, match="row 2 .*'close_time'.*hq-import --drop 'close_time' reads the rows without it"):
        imported(text)


def test_a_spare_column_that_makes_no_sense_is_left_out_and_told():
    got, told = imported("open_time,close,trades,vwap\n1704067200000,1,n/a,?\n1704070800000,2,n/a,?\n")
    assert [*got["bar//1h"]] == ["ts", "open_time", "close"]
    assert told == [
        "column 'trades' is not read: 'n/a' in row 1 is no trades",
        "column 'vwap' is not read: '?' in row 1 is no vwap",
    ]


@pytest.mark.parametrize("as_json", [False, True])
def test_text_in_a_column_that_nobody_asked_for_is_nan_and_told(as_json):
    rows = [(1704067200000 + i * 3600000, 1, v) for i, v in enumerate((0.5, "late", 1.5, "n/a"))]
    text = "open_time,close,feature\n" + "".join(f"{a},{b},{c}\n" for a, b, c in rows)
    if as_json:
        text = json.dumps([dict(zip(("open_time", "close", "feature"), row)) for row in rows])
    got, told = imported(text)
    values = got["bar//1h"]["feature"]
    assert [v if v == v else None for v in values] == [0.5, None, 1.5, None]
    assert told == ["column 'feature' has numbers first and then text, which is read as NaN: 2 rows"]


def test_text_in_a_column_that_was_asked_for_is_an_error():
    text = "open_time,close,x\n1704067200000,1,1\n1704070800000,1,late\n"
    with pytest.raises(HqError, match="row 2 .*'late' is not a number"):
        imported(text, columns={"feature": "x"})


def test_a_foreign_name_that_is_taken_for_ours_is_told(run):
    text = b"open_time,close,turnover\n1704067200000,1,5\n1704070800000,1,6\n"
    for command in "hq-import", "hq-indicators sma:2":
        assert run(f"{command} > /dev/null", text).stderr.endswith(": column 'turnover' is read as quote_volume\n")
    ran = run("hq-import --columns quote_volume=turnover | hq-export csv --columns quote_volume", text)
    assert (ran.text, ran.stderr) == ("quote_volume\n5.0\n6.0\n", "")


# -- usage ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("--period 99999999999999999999d", "is longer than 1"),
        ("--period 90000d", "--period: period '90000d' is longer than 1"),
        ("--period 5x", "--period: period '5x' is not a count"),
        ("--columns close=a,close=b", "close is given twice, as 'a' and 'b'"),
        ("--columns close=a,open=a", "'a' is given twice, as close and open"),
        ("--columns clsoe=close", "'clsoe' is no column of a bar; did you mean close?"),
        ("--columns vlume=close", "'vlume' is no column of a bar; did you mean volume?"),
        ("--kind trade --columns prise=close", "'prise' is no column of a trade; did you mean price?"),
    ],
)
def test_what_the_command_line_cannot_mean_is_exit_2(run, options, told):
    ran = run(f"hq-import {options}", FIRST.encode())
    assert (ran.code, told in ran.stderr) == (2, True), ran.stderr


def test_names_of_the_users_own_are_no_slips():
    text = "open_time,close,a,b,c\n1704067200000,1,2,3,4\n1704070800000,1,2,3,4\n"
    got = imported(text, columns={"open_interest": "a", "volume_ma": "b", "close2": "c"})[0]["bar//1h"]
    assert (got["open_interest"], got["volume_ma"], got["close2"]) == ([2.0, 2.0], [3.0, 3.0], [4.0, 4.0])


def test_options_are_not_passed_over_for_files_that_hq_wrote(run):
    ran = run("hq-gen bars --rows 5 --seed 1 | hq-export parquet | hq-import --symbol X")
    assert (ran.code, "a file that hq wrote" in ran.stderr) == (2, True)


def test_help_fits_a_terminal_and_says_the_bound_of_sorting(run):
    text = run("hq-import --help").text
    assert max(map(len, text.partition("Examples:")[0].splitlines())) <= 80
    assert "16 MiB of rows in memory" in " ".join(text.split())


NAMELESS = (
    "date,{},open,high,low,close,volume\n2024-01-02,{},1,2,1,2,10\n2024-01-02,{},3,3,3,3,10\n2024-01-03,{},3,3,3,3,9\n"
)
DAILY = "hq-import --tz UTC --stamp open"


@pytest.mark.parametrize("name", ["sym", "Instrument", "tic", "instId", "coin", "asset", "SecID"])
def test_a_column_of_symbols_goes_by_many_names(run, tmp_path, name):
    (tmp_path / "t.csv").write_text(NAMELESS.format(name, "B", "A", "A"))
    ran = run(f"{DAILY} --period 1d t.csv | hq-export csv --columns symbol,open")
    assert (ran.code, ran.text.splitlines()) == (0, ["symbol,open", "A,3.0", "B,1.0", "A,3.0"])


def test_rows_that_may_be_of_several_symbols_are_told_so(run, tmp_path):
    (tmp_path / "t.csv").write_text(NAMELESS.format("code", "600519", "1", "1"))
    for options, says in (
        ("--period 1d", "of several symbols, --columns symbol=NAME says which column tells them apart"),
        ("", "of another symbol? pass --columns symbol=code to hq-import; else pass --period to hq-import"),
        ("--period 1d --dedupe exact", "of another symbol? --columns symbol=code"),
    ):
        ran = run(f"{DAILY} {options} t.csv > x")
        assert (ran.code, ran.stderr.count("\n")) == (65, 1)
        assert says in ran.stderr
    (tmp_path / "t.csv").write_text(NAMELESS.format("market", "B", "A", "A"))
    ran = run(f"{DAILY} t.csv > x")
    assert "pass --columns symbol=market" in ran.stderr
    assert run(f"{DAILY} --period 1d --columns symbol=market t.csv | hq-export csv").code == 0
