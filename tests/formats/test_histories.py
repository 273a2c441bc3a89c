"""Histories of funding and of marks, as exchanges write them, as rows of their kinds."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path

import pytest
from frames import read

from hq_core.errors import DATA, USAGE

MS = 10**6
FUNDING = "hq-import --kind funding"
BINANCE = [
    {"symbol": "BTCUSDT", "fundingRate": "-0.03750000", "fundingTime": 1570608000001, "markPrice": ""},
    {"symbol": "BTCUSDT", "fundingRate": "0.00010000", "fundingTime": 1570636800000, "markPrice": "34287.54619963"},
    {"symbol": "ETHUSDT", "fundingRate": "0.0002", "fundingTime": 1570636800000, "markPrice": "200.5"},
]
BYBIT = {
    "retCode": 0,
    "result": {
        "category": "linear",
        "list": [
            {"symbol": "ETHPERP", "fundingRate": "0.0001", "fundingRateTimestamp": "1672041600000"},
            {"symbol": "ETHPERP", "fundingRate": "-0.0002", "fundingRateTimestamp": "1672012800000"},
        ],
    },
}


def rows(ran):
    assert (ran.code, ran.stderr) == (0, "")
    return read(ran.stdout).rows


@pytest.mark.parametrize("form", ["array", "lines"])
def test_binance_answers(run, form):
    text = json.dumps(BINANCE) if form == "array" else "".join(f"{json.dumps(one)}\n" for one in BINANCE)
    found = rows(run(FUNDING, stdin=text.encode()))
    btc, eth = found["funding/BTCUSDT/"], found["funding/ETHUSDT/"]
    assert btc["ts"] == [1570608000001 * MS, 1570636800000 * MS]
    assert btc["rate"] == [-0.0375, 0.0001]
    assert btc["mark_price"][0] != btc["mark_price"][0]
    assert btc["mark_price"][1] == 34287.54619963
    assert (eth["ts"], eth["rate"], eth["mark_price"]) == ([1570636800000 * MS], [0.0002], [200.5])


def test_bybit_answers_newest_first(run):
    whole, bare = json.dumps(BYBIT).encode(), json.dumps(BYBIT["result"]["list"]).encode()
    for text in (whole, bare):
        found = rows(run(f"{FUNDING} --order sort", stdin=text))["funding/ETHPERP/"]
        assert (found["ts"], found["rate"]) == ([1672012800000 * MS, 1672041600000 * MS], [-0.0002, 0.0001])
        ran = run(f"{FUNDING} > /dev/null", stdin=text)
        assert ran.code == DATA
        assert "hq-import --order sort" in ran.stderr


def test_a_file_of_one_symbol_keeps_its_milliseconds(run, shared):
    path = Path(shared) / ("data/funding/xrpusdt_um_funding_8h_20211118_20211218.csv")
    found = rows(run(f"{FUNDING} --symbol XRPUSDT {path}"))["funding/XRPUSDT/"]
    theirs = list(csv.DictReader(path.read_text().splitlines()))
    assert found["ts"] == [int(one["calc_time"]) * MS for one in theirs]
    assert found["rate"] == [float(one["last_funding_rate"]) for one in theirs]
    assert any(ts % 1000 for ts in (ts // MS for ts in found["ts"]))
    assert len(found["ts"]) == 91


def test_a_file_of_many_symbols_is_a_panel(run, shared):
    path = Path(shared) / ("data/funding/binance_um_funding_64sym.csv.gz")
    ran = run(f"{FUNDING} {path} | hq-export csv --time ms")
    assert (ran.code, ran.stderr) == (0, "")
    theirs = list(csv.DictReader(io.StringIO(gzip.decompress(path.read_bytes()).decode())))
    found = list(csv.DictReader(io.StringIO(ran.text)))
    assert [(one["ts_ms"], one["symbol"], float(one["rate"])) for one in found] == [
        (one["calc_time"], one["symbol"], float(one["last_funding_rate"])) for one in theirs
    ]


def test_what_was_exported_is_read_again(run):
    for form in ("csv", "csv --time ms", "jsonl"):
        line = (
            f"{FUNDING} > f.hqf && hq-export {form} < f.hqf > f.txt && hq-import < f.txt > g.hqf && hq-diff f.hqf g.hqf"
        )
        ran = run(f"{line} && {FUNDING} < f.txt | hq-diff f.hqf -", stdin=json.dumps(BINANCE).encode())
        assert (ran.code, ran.stderr) == (0, "")


def test_columns_of_any_name_and_further_ones(run):
    text = b"when,what,interval_hours,note\n2024-01-01T08:00:00+01:00,1e-4,8,x\n"
    ran = run(f"{FUNDING} --symbol X --columns ts=when,rate=what --drop note", stdin=text)
    found = rows(ran)["funding/X/"]
    assert (found["ts"], found["rate"]) == ([1704092400 * 10**9], [1e-4])
    assert found["interval_hours"] == [8.0]
    ran = run(f"{FUNDING} --symbol X | hq-export csv", stdin=b"fundingTime,fundingRate\n")
    assert (ran.code, ran.text) == (0, "symbol,ts,rate\n")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("calc_time,rate\n1,x\n", "row 1: 'rate': 'x' is not a number"),
        ("calc_time,rate\n1,-1\n2,1.01\n", "row 2: 'rate': '1.01' is no rate, which is a share from -1 to 1"),
        ("calc_time,rate\n1,1\n1,\n", "row 2: 'rate': '' is not a number"),
        ("calc_time,rate\n1,nan\n", "row 1: 'rate': 'nan' is not a number"),
        ("calc_time,last_fun\rding_rate\n1,1\n", "the header cannot be split: new-line character"),
        ("calc_time,rate\n1,1\n2,1\r3\n", "row 2: new-line character seen in unquoted field"),
        ("calc_time\n1\n", "column 'rate' is missing; there are calc_time; pass --columns rate=NAME"),
        ("rate\n1\n", "column 'ts' is missing; there are rate; pass --columns ts=NAME"),
        ("time,rate\n1637193600017,1\n", "column 'time' holds 1637193600017: seconds, ms, us or ns? pass --time-unit"),
        ("calc_time,rate,markPrice\n1,1,0\n", "row 1: 'mark_price': '0' is no price, which is above 0"),
        ("calc_time,rate\n2021-01-01,1\n", "'2021-01-01' is neither a number nor an ISO 8601 time with its zone"),
        ('{"fundingTime":1,"fundingRate":null}\n', "element 1 (byte 0): 'rate': '' is not a number"),
        ('{"result":{"list":[3]}}\n', "is an answer whose list has other things than objects"),
        ("PAR1 and so on", "rows of funding of others are read from csv and JSON"),
    ],
)
def test_what_is_no_funding_is_told(run, text, told):
    ran = run(f"{FUNDING} --symbol X > /dev/null", stdin=text.encode())
    assert ran.code == DATA
    assert told in ran.stderr
    assert len(ran.stderr.splitlines()) == 1


def test_options_that_do_not_go_with_funding(run):
    text = b"calc_time,symbol,rate\n1,A,1\n"
    ran = run(f"{FUNDING} --stamp open", stdin=text)
    assert (ran.code, ran.stderr) == (USAGE, "hq-import: --stamp does not go with --kind funding\n")
    assert run(f"{FUNDING} --symbol B", stdin=text).code == USAGE
    ran = run(f"{FUNDING} --columns price=rate", stdin=text)
    assert (ran.code, "'price' is no column of kind funding" in ran.stderr) == (USAGE, True)
    ran = run("hq-import", stdin=text)  # nobody has said that it is funding
    assert (ran.code, "pass --kind funding to hq-import" in ran.stderr) == (DATA, True)


@pytest.mark.parametrize("kind", ["mark_price", "index_price"])
def test_klines_of_a_mark_are_rows_of_its_kind(run, kind):
    lines = (
        "1637193600000,1,2,0.5,1.5,0,1637193659999,0,60,0,0,0\n1637193660000,1.5,3,1.5,2,0,1637193719999,0,60,0,0,0\n"
    )
    found = rows(run(f"hq-import --kind {kind} --symbol X", stdin=lines.encode()))[f"{kind}/X/1m"]
    assert list(found) == ["ts", "open", "high", "low", "close"]
    assert found["ts"] == [1637193660 * 10**9, 1637193720 * 10**9]
    assert (found["open"], found["high"]) == ([1.0, 1.5], [2.0, 3.0])
    assert (found["low"], found["close"]) == ([0.5, 1.5], [1.5, 2.0])
    ran = run(f"hq-import --kind {kind} --symbol X > /dev/null", stdin=lines.replace("0.5", "9").encode())
    assert ran.code == DATA


def test_a_mark_at_instants(run):
    text = b"time,symbol,markPrice\n1637193600017,A,1.5\n1637193600017,B,2\n"
    found = rows(run("hq-import --kind mark_price --time-unit ms", stdin=text))["mark_price//"]
    assert (found["ts"], found["price"]) == ([1637193600017 * MS] * 2, [1.5, 2.0])
    line = '{"time":1637193600017,"symbol":"A","markPrice":"1.5"}\n'
    found = rows(run("hq-import --kind mark_price --time-unit ms", stdin=line.encode()))["mark_price//"]
    assert found["price"] == [1.5]
    ran = run("hq-import --kind mark_price --time-unit ms > /dev/null", stdin=text.replace(b"1.5", b"-1"))
    assert (ran.code, "'-1' is no price" in ran.stderr) == (DATA, True)
