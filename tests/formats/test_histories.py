"""Histories of funding and of marks, as exchanges write them, as rows of their kinds."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from arrow_files import arrow_file
from frames import read
from pyarrow import csv as pa_csv

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
        ("PAR1 and so on", "the Parquet file is not whole"),
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


QUOTE = "hq-import --kind quote"


def ticker(u, b, B, A, T, E):
    return {"e": "bookTicker", "u": u, "s": "BTCUSDT", "b": b, "B": B, "a": "61800.30", "A": A, "T": T, "E": E}


TICKERS = [
    ticker(5123107839020, "61800.20", "2.507", "2.510", 1723161256313, 1723161256315),
    ticker(5123107840008, "61800.10", "0", "2.504", 1723161256322, 1723161256323),
]
BIDS = {
    "ts": [1723161256313 * MS, 1723161256322 * MS],
    "bid": [61800.2, 61800.1],
    "bid_qty": [2.507, 0.0],
    "ask": [61800.3] * 2,
    "ask_qty": [2.51, 2.504],
}


def lines(elements):
    return "".join(f"{json.dumps(one)}\n" for one in elements).encode()


def test_quotes_as_binance_sends_them(run):
    for elements in (TICKERS, [{"stream": "btcusdt@bookTicker", "data": one} for one in TICKERS]):
        assert rows(run(QUOTE, stdin=lines(elements))) == {"quote/BTCUSDT/": BIDS}
    spot = [{name: value for name, value in one.items() if name not in "eTE"} for one in TICKERS]
    ran = run(f"{QUOTE} > /dev/null", stdin=lines(spot))
    assert (ran.code, "column 'ts' is missing" in ran.stderr) == (DATA, True)  # u is no time
    stamped = [{"ts": one["T"] * MS, **own} for one, own in zip(TICKERS, spot)]
    found = rows(run(f"{QUOTE} --time-unit ns", stdin=lines(stamped)))
    assert {name: column for name, column in found["quote//"].items() if name != "symbol"} == BIDS
    found = rows(run(f"{QUOTE} --columns ts=E --time-unit ms", stdin=lines(TICKERS)))["quote/BTCUSDT/"]
    assert found["ts"] == [1723161256315 * MS, 1723161256323 * MS]


CSVS = {
    "files": (
        "update_id,best_bid_price,best_bid_qty,best_ask_price,best_ask_qty,transaction_time,event_time",
        "5,{b},{B},{a},{A},{T},{E}",
        "--symbol BTCUSDT",
    ),
    "tardis": (
        "exchange,symbol,timestamp,local_timestamp,ask_amount,ask_price,bid_price,bid_amount",
        "binance,BTCUSDT,{T}000,{E}123,{A},{a},{b},{B}",
        "--time-unit us",
    ),
    "ns": ("symbol,ts,bid,bid_qty,ask,ask_qty", "BTCUSDT,{T}000000,{b},{B},{a},{A}", "--time-unit ns"),
    "texts": ("symbol,ts,bid,bid_qty,ask,ask_qty", "BTCUSDT,2024-08-08T23:54:16.{ms}Z,{b},{B},{a},{A}", ""),
}


@pytest.mark.parametrize("name", CSVS)
@pytest.mark.parametrize("form", ["csv", "parquet", "arrow"])
def test_quotes_in_tables(run, tmp_path, name, form):
    head, line, said = CSVS[name]
    text = "\n".join([head, *(line.format(**one, ms=one["T"] % 1000) for one in TICKERS)]) + "\n"
    (tmp_path / "q.csv").write_text(text)
    if form != "csv":
        types = {"timestamp": pa.int64()} if name == "tardis" else {}
        table = pa_csv.read_csv(tmp_path / "q.csv", convert_options=pa_csv.ConvertOptions(column_types=types))
        if form == "parquet":
            pq.write_table(table, tmp_path / "q.csv")
        else:
            (tmp_path / "q.csv").write_bytes(arrow_file(table))
    assert rows(run(f"{QUOTE} {said} q.csv")) == {"quote/BTCUSDT/": BIDS}


def test_quotes_that_were_exported_are_read_again(run):
    assert run(f"{QUOTE} > q.hqf", stdin=lines(TICKERS)).code == 0
    for form in ("csv", "csv --time ms", "jsonl"):
        again = f"hq-import < q.txt | hq-diff q.hqf - && {QUOTE} < q.txt | hq-diff q.hqf -"
        ran = run(f"hq-export {form} < q.hqf > q.txt && {again}")
        assert (ran.code, ran.stderr) == (0, "")
    ran = run("hq-export parquet < q.hqf | hq-import | hq-diff q.hqf -")
    assert (ran.code, ran.stderr) == (0, "")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"b": "0"}, "'bid': '0' is no price, which is above 0"),
        ({"A": ""}, "'ask_qty': '' is not a number"),
        ({"a": "inf"}, "'ask': 'inf' is not a number"),
        ({"T": "x"}, "is neither a number nor an ISO 8601 time"),
    ],
)
def test_what_is_no_quote_is_told(run, change, told):
    ran = run(f"{QUOTE} > /dev/null", stdin=lines([{**TICKERS[0], **change}]))
    assert (ran.code, told in ran.stderr) == (DATA, True), ran.stderr


def test_takers_pay_the_spread_of_quotes_that_were_imported(run, tmp_path):
    (tmp_path / "s.hq").write_text("IF close > 0 THEN OPEN_LONG(size=0.1)")
    bars = "hq-gen bars --rows 4 --seed 1 --period 1h > b.hqf"
    quote = {**TICKERS[0], "T": 1704067200000, "b": "99", "a": "101"}  # as the first bar begins: 1 percent each way
    line = "hq-merge b.hqf q.hqf | hq-backtest s.hq --spread quotes --explain-fill 1 --json"
    ran = run(f"{bars}; {QUOTE} > q.hqf && {line}", stdin=lines([quote]))
    assert ran.code == 0, ran.stderr
    price = json.loads(ran.stdout)["price"]
    assert (price["bid"], price["ask"]) == (99.0, 101.0)
    assert price["given"] == pytest.approx(price["reached"] * 1.01, rel=1e-3)
