"""Several files, of a zip or of a command line, are one series or are refused; what hq-import says of odd files."""

from __future__ import annotations

import json

import pytest
from inputs import archive
from test_csv import read_bytes
from test_import_order import imported

from hq_core.errors import HqError
from hq_core.formats.filenames import named, two_periods, two_symbols

HOUR = 3_600_000
START = 1_750_888_800_000


def bars(n: int, step: int = 1, start: int = 0) -> bytes:
    """n bars, so many hours apart, from so many hours after the first on."""
    rows = [f"{START + HOUR * (start + step * i)},{100 + i},{102 + i},{99 + i},{101 + i},5\n" for i in range(n)]
    return ("open_time,open,high,low,close,volume\n" + "".join(rows)).encode()


def refused(data: bytes, message: str, **options) -> None:
    with pytest.raises(HqError, match=message) as caught:
        imported(data, **options)
    assert caught.value.code == 65


# -- names -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "symbol", "period"),
    [
        ("BTCUSDT-1m-2024-01.csv", "BTCUSDT", "1m"),
        ("d/BTC_USDT-1h.csv", "BTCUSDT", "1h"),
        ("btcusdt_4h.csv", "BTCUSDT", "4h"),
        ("BTC-USDT-1d.csv.gz", "BTCUSDT", "1d"),
        ("BTCUSDT-aggTrades-2024-01-31.csv", "BTCUSDT", "aggTrades"),
        ("EURUSD_M15_2024.csv", "EURUSD", "M15"),
        ("ethusdt.csv", "ETHUSDT", ""),
        ("eth_usdt.csv", "ETHUSDT", ""),
        ("1000SHIBUSDT-1h.csv", "1000SHIBUSDT", "1h"),
        ("2024-01.csv", "", ""),
        ("jan-2024.csv", "", ""),
        ("March_2024.csv", "", ""),
        ("part1.csv", "", ""),
        ("-", "", ""),
        ("1h.csv", "", "1h"),
        ("", "", ""),
    ],
)
def test_what_a_name_says(name, symbol, period):
    assert named(name) == (symbol, period)


def test_parts_of_a_symbol_and_other_words_for_a_period_are_the_same():
    assert not two_symbols("PART1", "PART2")
    assert not two_periods("60m", "1h")
    assert not two_periods("M15", "15min")
    assert two_periods("1M", "1m")
    assert two_periods("trades", "aggTrades")


@pytest.mark.parametrize(
    "names",
    [
        ("BTC_USDT-1h.csv", "ETH_USDT-1h.csv"),
        ("btcusdt_1h.csv", "ethusdt_1h.csv"),
        ("btcusdt.csv", "ethusdt.csv"),
        ("BTCUSDT-1h-2025-06.csv", "LINKUSDT-1h-2026-02.csv"),
    ],
)
def test_two_symbols_by_any_form_of_name_are_no_series(names, run, tmp_path):
    first, second = bars(8), bars(8, start=8)
    packed = archive((names[0], first), (names[1], second))
    refused(packed, f"{names[0]} and {names[1]} are of .*, unless --symbol says")
    assert list(read_bytes(packed, symbol="X")) == ["bar/X/1h"]
    for name, data in zip(names, (first, second)):
        (tmp_path / name).write_bytes(data)
    ran = run("hq-import " + " ".join(names))
    assert ran.code == 65
    assert f"hq-import: {names[0]} and {names[1]} are of" in ran.stderr
    assert run("hq-import --symbol X " + " ".join(names)).code == 0


def test_months_of_one_symbol_are_one_series_in_a_zip_and_as_files(run, tmp_path):
    names = ("BTC_USDT-1h-2025-06.csv", "BTC_USDT-1h-2025-07.csv")
    assert len(read_bytes(archive((names[0], bars(8)), (names[1], bars(8, start=8))))["bar//1h"]["ts"]) == 16
    for name, data in zip(names, (bars(8), bars(8, start=8))):
        (tmp_path / name).write_bytes(data)
    ran = run("hq-import " + " ".join(names) + " | hq-export csv | wc -l")
    assert (ran.text.strip(), ran.stderr) == ("17", "")


# -- rows ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("n", [4, 300])
def test_a_coarser_file_of_a_zip_is_no_part_of_the_series(n):
    refused(archive(("a.csv", bars(24)), ("b.csv", bars(n, 4, 24))), "zip: a.csv and b.csv hold 1h and 4h.* --period")
    refused(archive(("a.csv", bars(24)), ("b.csv", bars(n, 4, 24)), ("c", bars(9, 4, 5000))), "a.csv and b.csv hold")


@pytest.mark.parametrize("order", ["error", "sort"])
def test_a_finer_file_of_a_zip_is_no_part_of_the_series(order):
    refused(archive(("a.csv", bars(24, 4)), ("b.csv", bars(4, 1, 96))), "a.csv and b.csv hold 4h and 1h", order=order)


def test_files_of_two_periods_are_not_sorted_into_one(tmp_path):
    refused(
        archive(("a.csv", bars(96)), ("b.csv", bars(24, 4))),
        "a.csv and b.csv hold 1h and 4h",
        order="sort",
        dedupe="last",
    )


def test_files_that_say_both_times_of_a_bar_are_compared_by_how_long_they_last():
    def lasting(n: int, hours: int, start: int) -> bytes:
        rows = [
            f"{START + HOUR * (start + hours * i)},{START + HOUR * (start + hours * (i + 1)) - 1},5\n" for i in range(n)
        ]
        return ("open_time,close_time,close\n" + "".join(rows)).encode()

    refused(archive(("a.csv", lasting(9, 4, 0)), ("b.csv", lasting(9, 1, 36))), "a.csv and b.csv hold 4h and 1h")
    assert read_bytes(archive(("a.csv", lasting(9, 4, 0)), ("b.csv", lasting(9, 4, 36))))


def test_json_files_of_two_periods_are_refused():
    def candles(n: int, step: int, start: int) -> bytes:
        return json.dumps([[START + HOUR * (start + step * i), 5, 5, 5, 5, 5] for i in range(n)]).encode()

    refused(archive(("a.json", candles(9, 1, 0)), ("b.json", candles(9, 4, 9))), "a.json and b.json hold 1h and 4h")


def test_a_file_with_bars_missing_is_of_the_same_period():
    lines = bars(24, start=24).splitlines(keepends=True)
    packed = archive(("a.csv", bars(24)), ("b.csv", b"".join(lines[:2] + lines[4:9] + lines[11:])))
    assert list(read_bytes(packed)) == ["bar//1h"]


def test_files_of_two_periods_are_no_series_of_a_period_that_is_given(run, tmp_path):
    (tmp_path / "s1.csv").write_bytes(bars(50))
    (tmp_path / "s2.csv").write_bytes(bars(50, 4, 50))
    ran = run("hq-import --period 1h s1.csv s2.csv")
    assert ran.code == 65
    assert ran.stderr == "hq-import: s1.csv and s2.csv hold 1h and 4h: import them one by one\n"
    assert run("hq-import s1.csv s2.csv | hq-export jsonl").code == 0  # two series, each with its own period
    refused(archive(("a.csv", bars(50)), ("b.csv", bars(50, 4, 50))), "a.csv and b.csv hold 1h and 4h", period="1h")


# -- a period that does not fit the rows -----------------------------------------------------------------------
@pytest.mark.parametrize(("n", "step", "told"), [(9, 1, True), (300, 1, True), (5, 1, False)])
def test_rows_that_are_all_further_apart_than_the_given_period_are_told(n, step, told, run):
    ran = run("hq-import --symbol X --period 30m | hq-export csv", bars(n, step))
    assert ran.code == 0
    assert ran.stderr == ("hq-import: rows are 1h apart, the period is 30m\n" if told else "")


def test_sparse_rows_of_the_given_period_are_not_told(run):
    lines = bars(24).splitlines(keepends=True)
    assert run("hq-import --period 1h", b"".join(lines[:1] + lines[1:22:3] + lines[22:])).stderr == ""


# -- rows in another order -------------------------------------------------------------------------------------
BACK = "goes back from 2025-06-25T23:00:00Z{} to 2025-06-25T22:00:00Z; hq-import --order sort puts rows in order"


def test_a_time_that_goes_back_is_said_in_one_way(run):
    head, *lines = bars(3).splitlines(keepends=True)
    newest = head + lines[1] + lines[0] + lines[2]
    assert f"row 2: open_time {BACK.format(' (row 1)')}" in run("hq-import", newest).stderr
    deduped = run("hq-import --period 1h --dedupe exact", newest).stderr
    assert "row 2: ts goes back from 2025-06-26T00:00:00Z (row 1) to 2025-06-25T23:00:00Z" in deduped
    checked = run("hq-import --period 1h", newest).stderr
    assert "row 2: ts goes back from 2025-06-26T00:00:00Z to 2025-06-25T23:00:00Z; hq-import --order sort" in checked


def test_a_local_time_that_goes_back_is_not_called_utc(run):
    rows = b"time,close\n2025-06-02,5\n2025-06-01,5\n"
    said = run("hq-import --tz America/New_York --stamp open", rows).stderr
    assert "from 2025-06-02T00:00:00 in America/New_York (row 1) to 2025-06-01T00:00:00 in America/New_York;" in said


def test_what_a_message_offers_for_repeated_rows_is_enough(run):
    head, *lines = bars(9).splitlines(keepends=True)
    data = b"".join([head, *lines, lines[6]])  # a repeated row that does not follow its like
    assert "hq-import --order sort puts rows in order, with --dedupe exact or last" in run("hq-import", data).stderr
    ran = run("hq-import --order sort --dedupe exact | hq-export csv | wc -l", data)
    assert (ran.code, ran.text.strip()) == (0, "10")


# -- zones -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "near"),
    [("Berlin", "Europe/Berlin"), ("New York", "America/New_York"), ("Europe/Londn", "Europe/London"), ("xyzzy", "")],
)
def test_an_unknown_zone_is_told_before_anything_is_read_with_the_nearest_one(name, near, run):
    hint = f"; did you mean {near}?" if near else ""
    said = f"time zone '{name}' is not known; zones have IANA names, such as America/New_York{hint}\n"
    ran = run(f"hq-import --tz '{name}'", b"no rows at all")
    assert (ran.code, ran.stderr) == (2, f"hq-import: {said}")
    ran = run(f"hq-aggregate 1d --tz '{name}'")
    assert (ran.code, ran.stderr) == (2, f"hq-aggregate: {said}")


# -- columns and numbers ---------------------------------------------------------------------------------------
def test_a_column_that_columns_took_is_not_called_missing_beside_its_name(run):
    ran = run("hq-import --columns foo=close", bars(3))
    assert (ran.code, ran.stderr) == (2, "hq-import: column 'close' is missing: --columns reads 'close' as foo\n")
    ran = run("hq-import --kind trade --columns id=price", b"ts_ms,price,qty\n1750888800000,1,1\n")
    assert "column 'price' is missing: --columns reads 'price' as id" in ran.stderr


TERMINAL = "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\n"


@pytest.mark.parametrize(("volumes", "told"), [("000", True), ("020", False), ("005", False)])
def test_a_volume_of_nothing_but_0_beside_one_of_ticks_is_told(volumes, told, run):
    rows = "".join(f"2025.06.2{i}\t00:00:00\t5\t5\t5\t5\t7\t{v}\n" for i, v in enumerate(volumes))
    ran = run("hq-import --tz UTC --stamp open | hq-export csv", (TERMINAL + rows).encode())
    line = "hq-import: volume is 0 in all rows; --columns 'volume=<TICKVOL>' takes the ticks for it\n"
    assert (ran.code, ran.stderr) == (0, line if told else "")
    if told:
        taken = run(
            "hq-import --tz UTC --stamp open --columns 'volume=<TICKVOL>' | hq-export csv", (TERMINAL + rows).encode()
        )
        assert (taken.code, taken.stderr, taken.text.splitlines()[1].split(",")[6]) == (0, "", "7.0")


@pytest.mark.parametrize("form", ["{}.0", "{}.00", "{}e0"])
def test_whole_times_that_are_written_as_floats_are_times(form):
    want = [START + HOUR * i for i in (1, 2, 3)]
    rows = [[form.format(START + HOUR * i), "5", "6", "4", "5", "1"] for i in range(3)]
    array = "[" + ",".join("[" + ",".join(row) + "]" for row in rows) + "]"
    keyed = "".join(f'{{"open_time":{row[0]},"close":5}}\n' for row in rows)
    table = "open_time,close\n" + "".join(f"{row[0]},5\n" for row in rows)
    for data in (array, keyed, table):
        assert [ts // 10**6 for ts in read_bytes(data.encode())["bar//1h"]["ts"]] == want


@pytest.mark.parametrize("text", ["107,569.67", "1.575,01", "1'575.0", "1 575 000", "1,575,000"])
def test_thousands_separators_are_called_by_their_name(text):
    hint = "is not a number; hq-import reads numbers without thousands separators"
    data = f"open_time;close;volume\n{START};{text};1\n{START + HOUR};5;1\n"
    refused(data.encode(), f"row 1 .*: column 'close': '{text}' {hint}")
    refused(data.encode().replace(text.encode(), b"5,1", 1).replace(b";5;", f";{text};".encode()), hint, decimal=",")
    refused(json.dumps({"open_time": START, "close": text}).encode(), hint, period="1h")
    refused(data.replace(text, "x").encode(), "is not a number$")
