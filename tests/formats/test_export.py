"""hq-export and hq-import as commands: selection, times, tables, errors and their codes, the exchange's own bars."""

from __future__ import annotations

import csv
import io
import json
import math
import os

import inputs
import numpy as np
import pyarrow as pa
import pytest
from frames import bars, frames, trades
from inputs import descriptor
from pyarrow import parquet

from hq_core.batch import Schema
from hq_core.errors import HqError
from hq_core.formats.text import WIDE
from hq_core.roles import Idle
from hq_core.stages.export import Export
from hq_core.wire import Reader

T0 = 1_769_904_000 * 10**9  # 2026-02-01
MINUTE = 60 * 10**9


def exported(stream: bytes, format_: str, **options) -> str:
    return inputs.exported(stream, format_, **options).decode()


def two(symbol="", **more):
    return bars(
        [(T0 + MINUTE, T0, 1.5, math.nan), (T0 + 2 * MINUTE, T0 + MINUTE, 0.1, -0.0)],
        "ts open_time close volume",
        symbol=symbol,
        period="1m",
        **more,
    )


@pytest.mark.parametrize("format_", ["csv", "parquet"])
def test_of_several_kinds_it_takes_bars_and_says_so(run, format_):
    account = "hq-gen bars --rows 50 --seed 1 | hq-signal <(echo 'IF close > 0 THEN BUY') | hq-backtest"
    got = run(f"{account} | hq-export {format_}")
    assert got.code == 0
    assert f"hq-export: {format_} holds one kind, here bar; --kind equity gives the 50 equity rows" in got.stderr
    assert run(f"{account} | hq-export {format_} --kind equity").code == 0


def test_csv_says_what_was_there():
    assert exported(frames(two()), "csv") == (
        "ts,open_time,close,volume\n"
        "2026-02-01T00:01:00Z,2026-02-01T00:00:00Z,1.5,\n"
        "2026-02-01T00:02:00Z,2026-02-01T00:01:00Z,0.1,-0.0\n"
    )
    assert exported(frames(two("A,B")), "tsv", columns=["close", "ts"], time="s") == (
        "symbol\tclose\tts_s\nA,B\t1.5\t1769904060\nA,B\t0.1\t1769904120\n"
    )


def test_json_says_what_was_there():
    lines = exported(frames(two("X"), {"kind": "note", "x": [1, None]}), "jsonl", time="ms").splitlines()
    assert [json.loads(line) for line in lines] == [
        {
            "kind": "bar",
            "symbol": "X",
            "period": "1m",
            "ts_ms": 1769904060000,
            "open_time_ms": 1769904000000,
            "close": 1.5,
            "volume": None,
        },
        {
            "kind": "bar",
            "symbol": "X",
            "period": "1m",
            "ts_ms": 1769904120000,
            "open_time_ms": 1769904060000,
            "close": 0.1,
            "volume": 0.0,
        },
        {"kind": "note", "x": [1, None]},
    ]
    assert json.loads(exported(frames(two()), "json"))[1]["ts"] == "2026-02-01T00:02:00Z"
    assert json.loads(exported(frames(), "json")) == []


def test_times_have_the_shortest_exact_fraction():
    rows = [(T0 + part, 1.0, 1.0) for part in (0, 1, 123_000_000, 500_000_000, 999_999_999)]
    got = [row["ts"] for row in csv.DictReader(io.StringIO(exported(frames(trades(rows, symbol="")), "csv")))]
    assert got == [
        "2026-02-01T00:00:00Z",
        "2026-02-01T00:00:00.000000001Z",
        "2026-02-01T00:00:00.123Z",
        "2026-02-01T00:00:00.5Z",
        "2026-02-01T00:00:00.999999999Z",
    ]


def test_words_stand_for_the_numbers_that_a_schema_explains():
    schema = Schema("fill", "X", "", [("ts", "i8"), ("side", "i1")], {"codes": {"side": {"1": "long", "-1": "short"}}})
    stream = frames((schema, [(T0, 1), (T0, -1), (T0, 0)]))
    assert exported(stream, "csv", columns=["side"]).split() == ["symbol,side", "X,long", "X,short", "X,0"]
    assert [json.loads(line)["side"] for line in exported(stream, "jsonl").splitlines()] == ["long", "short", 0]


def test_a_table_fits_a_terminal_and_says_what_it_leaves_out():
    more = [(f"some_long_column_{i}", "f8") for i in range(9)]
    rows = [(T0 + i * MINUTE, T0 + i, *[i / 7] * 9) for i in range(30)]
    text = exported(frames(bars(rows, "ts open_time", more=more), two()), "table", head=20)
    lines = text.splitlines()
    assert max(map(len, lines)) <= WIDE
    assert lines[0].startswith("bar BTCUSDT 15m (left out for want of room: open_time, some_long_column_")
    assert lines[1].split() == ["ts", "some_long_column_0", "some_long_column_1", "some_long_column_2"]
    assert len(lines) == 2 + 20 + 1
    assert lines[-1] == "… 12 more rows (pipe into hq-export for all)"


def test_a_table_shows_the_time_the_price_and_what_filters_added_before_the_rest():
    more = [("rsi_14", "f8"), ("some_quite_long_column_name", "f8")]
    rows = [(T0, T0, 1.5, 2.5, 0.5, 1.25, 7.0, 55.5, 3.0)]
    text = exported(frames(bars(rows, "ts open_time open high low close volume", more=more)), "table")
    assert text.splitlines()[1].split() == ["ts", "open", "high", "close", "rsi_14", "some_quite_long_column_name"]


def test_a_series_without_rows_is_in_nobodys_way():
    empty = Schema("liquidation", "", "1m", [("ts", "i8")])
    assert exported(frames((empty, []), two()), "csv") == exported(frames(two()), "csv")
    assert exported(frames((empty, [])), "csv") == "ts\n"


def test_rows_are_written_when_the_input_pauses():
    to = os.memfd_create("out")
    fd = descriptor(frames(two()))
    sizes = []

    def watched():
        for item in Reader(fd):
            yield item
            sizes.append((type(item), os.fstat(to).st_size))

    Export("csv", to).run(watched())
    assert dict(sizes)[Idle] > 100
    os.close(fd)
    os.close(to)


def test_it_writes_the_exchanges_own_bars(run, shared):
    data = shared / "data/klines"
    for period in ("1h", "4h", "1d"):
        theirs = list(csv.DictReader((data / f"linkusdt_um_{period}_202602.csv").read_text().splitlines()))
        got = run(
            f"zcat {data}/linkusdt_um_1m_202602.csv.gz | hq-aggregate 1h:4h:1d "
            f"| hq-export csv --time ms --period {period}"
        )
        assert got.code == 0
        mine = list(csv.DictReader(io.StringIO(got.text)))
        assert len(mine) == len(theirs)
        for a, b in zip(mine, theirs):
            assert a["open_time_ms"] == b["open_time"]
            assert int(a["ts_ms"]) == int(b["close_time"]) + 1
            assert all(float(a[name]) == float(b[name]) for name in ("open", "high", "low", "close"))
            assert a["trades"] == b["count"]
            assert float(a["volume"]) == pytest.approx(float(b["volume"]), abs=0.005)


def test_files_appear_when_they_are_complete(run, tmp_path):
    got = run(
        "hq-gen bars --rows 50 --seed 1 > a.hqf && hq-export parquet -o a.parquet < a.hqf "
        "&& hq-export csv < a.parquet > 1 && hq-export csv < a.hqf | cmp - 1"
    )
    assert (got.code, got.stderr) == (0, "")
    got = run("head -c 4000 a.hqf | hq-export parquet -o b.parquet")
    assert got.code == 65
    assert not [name for name in os.listdir(tmp_path) if name.startswith("b.")]


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("hq-gen bars --rows 5 --seed 1 | hq-export cvs", 2, "hq-export: unknown format 'cvs'; .*did you mean csv"),
        (
            "hq-gen bars --rows 5 --seed 1 | hq-export csv --period 4h",
            65,
            "hq-export: no series with --period 4h; the input has bar/BTCUSDT/1m",
        ),
        (
            "hq-gen bars --rows 90 --seed 1 | hq-aggregate 5m:15m | hq-export csv",
            2,
            "hq-export: csv holds one kind and period, these were chosen: .*pass --period 15m or 5m",
        ),
        (
            "hq-gen bars --rows 5 --seed 1 | hq-export csv --columns clsoe",
            65,
            "'clsoe' is missing; .*did you mean close",
        ),
        (
            "hq-gen trades --rows 5 --seed 1 | hq-export csv --time s",
            65,
            "is no whole number of s; use --time iso or ns",
        ),
        ("hq-gen bars --rows 5 --seed 1 | hq-export csv > /dev/full", 74, "cannot write: No space left on device"),
        ("hq-gen bars --rows 5 --seed 1 | hq-export csv --head 3 --tail 3", 2, "--head and --tail: choose one"),
        ("hq-gen bars --rows 5 --seed 1 | hq-export csv --from noon", 2, "time 'noon' is not ISO 8601"),
        ("hq-gen bars --rows 5 --seed 1 | hq-export csv -o /nowhere/x", 74, "No such file or directory"),
        ("hq-export csv < /dev/null", 66, "hq-export: no input: not a single byte came"),
        ("echo hello | hq-import", 65, "hq-import: not a format that hq reads: the first line 'hello' has no columns"),
        ("printf 'ts,close\\n1,2\\n' | hq-import --stamp open", 65, "column 'ts' holds 1: seconds, ms, us or ns"),
        ("hq-gen bars --rows 5 --seed 1 | hq-import --symbol X", 2, "is hq-frames already"),
        ("printf 'a,b\\n' | hq-import --columns close", 2, "--columns: 'close' is not of the form close=Last"),
        ("printf 'a,b\\n' | hq-import --delimiter ab", 2, "--delimiter is 'ab', must be one character"),
        ("hq-gen bars --rows 5 --seed 1 --gaps 2", 2, "hq-gen: Invalid value for '--gaps': 2.0 is not in the range"),
        ("hq-gen bars --rows 5 --seed 1 --start yesterday", 2, "hq-gen: time 'yesterday' is not ISO 8601"),
    ],
)
def test_errors_and_their_codes(run, line, code, message):
    import re

    got = run(line)
    assert got.code == code, got.stderr
    assert re.search(message, got.stderr.splitlines()[-1])
    assert len(got.stderr.splitlines()) == 1


@pytest.mark.parametrize("format_", ["parquet", "arrow", "npz"])
def test_a_run_that_fails_says_one_line_and_leaves_no_file_that_looks_whole(run, tmp_path, format_):
    twice = "(hq-gen bars --rows 9 --seed 1; hq-gen bars --rows 9 --seed 1)"
    to_file = run(f"{twice} | hq-export {format_} -o y.{format_}")
    assert (to_file.code, to_file.stderr.count("\n"), os.listdir(tmp_path)) == (65, 1, [])
    assert "ts goes back" in to_file.stderr
    to_pipe = run(f"{twice} | hq-export {format_} > z")
    assert (to_pipe.code, to_pipe.stderr) == (65, to_file.stderr)
    assert run("hq-export csv < z").code == 65 or not (tmp_path / "z").stat().st_size


def test_head_ends_it_silently(run):
    got = run("hq-gen bars --rows 100000 --seed 1 | hq-export csv | head -1")
    assert got.stderr == ""
    assert got.text.startswith("symbol,ts,open_time,open")


def test_import_options_and_state(run, shared):
    data = shared / "data/backtest/goog_1d.csv"
    options = "--columns ts=date --tz America/New_York --stamp open --period 1d --symbol GOOG"
    whole = run(f"hq-import {options} < {data} | hq-export csv")
    assert whole.code == 0
    rows = list(csv.DictReader(io.StringIO(whole.text)))
    theirs = list(csv.DictReader(data.read_text().splitlines()))
    assert [row["open_time"][:10] for row in rows] == [row["date"][:10] for row in theirs]
    assert [float(row["close"]) for row in rows] == [float(row["Close"]) for row in theirs]
    run(f"hq-import {options} < {data} > whole.hqf")
    halves = run(
        f"head -1001 {data} | hq-import {options} --state s > 1.hqf && (head -1 {data}; tail -n +1002 {data}) "
        f"| hq-import {options} --state s > 2.hqf && cat 1.hqf 2.hqf | hq-export csv"
    )
    assert halves.stderr == ""
    assert halves.text == whole.text


@pytest.mark.parametrize(
    ("options", "minutes"),
    [
        ("--head 2", [1, 2]),
        ("--tail 2", [9999, 10000]),
        ("--tail 12000 --columns ts", range(1, 10001)),
        ("--from 2024-01-01T00:03Z --to 2024-01-01T00:05Z", [3, 4]),
        ("--from 2024-01-07T22:39Z", [9999, 10000]),
        ("--to 2024-01-01T00:03Z --tail 1", [2]),
        ("--from 2030-01-01", []),
    ],
)
def test_rows_are_chosen_by_place_and_by_time(run, options, minutes):
    # by a file: hq-gen ends with SIGPIPE where --head ends first and the system has no room for a large pipe
    got = run(f"hq-gen bars --rows 10000 --seed 1 > all.hqf && hq-export csv --time s {options} < all.hqf")
    assert got.code == 0, got.stderr
    start = 1_704_067_200
    assert [int(row["ts_s"]) for row in csv.DictReader(io.StringIO(got.text))] == [start + 60 * m for m in minutes]


def test_several_symbols_and_periods_are_chosen_at_once(run):
    made = (
        "(hq-gen bars --rows 3 --seed 1 --symbol A; hq-gen bars --rows 3 --seed 1 --symbol B; "
        "hq-gen bars --rows 3 --seed 1 --symbol C --period 1h)"
    )
    assert run(f"{made} | hq-export csv --symbol A,B --columns ts").text.count("\n") == 7
    got = [json.loads(line) for line in run(f"{made} | hq-export jsonl --period 1m,1h --tail 4").text.splitlines()]
    assert [(one["symbol"], one["period"]) for one in got] == [("B", "1m"), *[("C", "1h")] * 3]
    assert run(f"{made} | hq-export csv --symbol D,E").code == 65


def test_a_table_of_the_first_rows_says_how_many_it_leaves_out(run):
    got = run("hq-gen bars --rows 500 --seed 1 | hq-export table --head 2")
    assert got.text.splitlines()[-1] == "… 498 more rows (pipe into hq-export for all)"
    assert run("hq-gen bars --rows 500 --seed 1 | hq-export table --tail 2").text.count("\n") == 4


TWO = "(hq-gen bars --rows 3 --seed 1 --symbol AAA; hq-gen bars --rows 3 --seed 1 --symbol BBB)"
PANEL = "hq-gen bars --rows 3 --seed 1 --symbol AAA > a; hq-gen bars --rows 3 --seed 1 --symbol BBB > b; hq-merge a b"


@pytest.mark.parametrize("made", [TWO, PANEL])
@pytest.mark.parametrize("form", ["csv", "jsonl", "table", "npz"])
def test_a_name_that_never_comes_is_told_though_another_does(run, tmp_path, made, form):
    run(f"{{ {made}; }} > all")
    ran = run(f"hq-export {form} --symbol AAA,BBC,ZZZ < all > out")
    assert ran.code == 65
    has = "bar//1m, bar/AAA/1m, bar/BBB/1m" if made == PANEL else "bar/AAA/1m, bar/BBB/1m"
    assert ran.stderr == f"hq-export: no series with --symbol BBC,ZZZ; the input has {has}; did you mean BBB?\n"
    assert run(f"hq-export {form} --symbol AAA < all > good").code == 0
    if form != "npz":  # what was good has been written
        assert (tmp_path / "out").read_bytes() == (tmp_path / "good").read_bytes()
    assert run(f"hq-export {form} --symbol AAA,BBB < all > good").code == 0
    if form in ("csv", "jsonl"):  # the rest is not read
        assert run(f"hq-export {form} --symbol AAA,ZZZ --head 1 < all > good").code == 0


def test_a_kind_or_period_that_never_comes_is_told_of_what_was_chosen(run):
    made = "hq-gen bars --rows 90 --seed 1 | hq-aggregate 5m:15m | hq-export jsonl"
    ran = run(f"{made} --period 5m,1h | wc -l")
    assert ran.stderr.startswith("hq-export: no series with --period 1h; the input has bar/BTCUSDT/15m, ")
    ran = run(f"{made} --kind bar,trade --period 15m,30m | wc -l")
    assert ran.stderr.startswith("hq-export: no series with --kind trade --period 30m; the input has ")
    both = "(hq-gen bars --rows 3 --seed 1 --symbol A; hq-gen trades --rows 3 --seed 1 --symbol B)"
    ran = run(f"{both} | hq-export jsonl --kind bar --symbol A,B | wc -l")  # there is no bar of B
    assert ran.stderr.startswith("hq-export: no series with --symbol B; ")


def test_frames_that_are_no_rows_are_of_their_kind(run, tmp_path):
    (tmp_path / "s.hq").write_text("IF close > SMA(close, 2) THEN BUY(size=1)\n")
    run("hq-gen bars --rows 50 --seed 1 | hq-signal s.hq | hq-backtest > bt.hqf")
    for kinds, kinds_there in (("report", {"report"}), ("fill,report", {"fill", "report"})):
        got = run(f"hq-export jsonl --kind {kinds} < bt.hqf")
        assert (got.code, got.stderr) == (0, "")
        assert {json.loads(line)["kind"] for line in got.text.splitlines()} == kinds_there
    assert run("hq-export jsonl --kind report,trade < bt.hqf > out").code == 65


@pytest.mark.parametrize("form", ["csv", "tsv", "jsonl", "json", "table", "npz", "parquet", "arrow"])
@pytest.mark.parametrize(
    ("columns", "want"),
    [
        ("ts,close", ["ts", "symbol", "close"]),
        ("close,ts", ["close", "ts", "symbol"]),
        ("close", ["symbol", "close"]),
        ("ts,close,symbol", ["ts", "close", "symbol"]),
    ],
)
def test_a_panels_rows_keep_their_symbol_whatever_the_columns(run, tmp_path, columns, want, form):
    run(f"{PANEL} > all")
    got = run(f"hq-export {form} --columns {columns} < all > out")
    assert (got.code, got.stderr) == (0, "")
    data = (tmp_path / "out").read_bytes()
    if form in ("csv", "tsv"):
        found = data.decode().splitlines()[0].split("," if form == "csv" else "\t")
    elif form in ("jsonl", "json"):
        first = json.loads(data)[0] if form == "json" else json.loads(data.splitlines()[0])
        found = [name for name in first if name not in ("kind", "period")]
    elif form == "table":
        found = data.decode().splitlines()[1].split()
    elif form == "npz":
        found = [name for name in np.load(io.BytesIO(data)).files if name != "hq.schema"]
    else:
        found = (parquet.read_table(io.BytesIO(data)) if form == "parquet" else pa.ipc.open_file(data)).schema.names
    assert found == want


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (["AB:close volume", "CD:close vwap"], "bar//1m of C, D has other columns than bar//1m: vwap; without volume"),
        (["AB:close volume", "C:close"], "bar//1m of C has other columns than bar//1m: without volume"),
        (["AB:close", "C:close vwap x"], "bar//1m of C has other columns than bar//1m: vwap, x"),
        (["AB:close vwap", "C:vwap close"], "bar//1m of C has other columns than bar//1m: the same in another order"),
        (["X:close volume", "Y:close"], "bar/Y/1m has other columns than bar/X/1m: without volume"),
    ],
)
def test_series_of_other_columns_are_told_with_what_differs(parts, message):
    sent: list = []
    known = 0
    for part in parts:
        words, names = part.split(":")
        panel = words not in "XY"
        cols = [("ts", "i8"), *[("symbol", "s4")] * panel, *((name, "f8") for name in names.split())]
        schema = Schema("bar", "" if panel else words, "1m", cols)
        rows = [(T0, *[known + i] * panel, *[1.0] * len(names.split())) for i in range(len(words))]
        if panel:
            known += len(words)
            sent += [(schema, []), {"kind": "strings", "of": schema.key, "col": "symbol", "values": list(words)}]
        sent.append((schema, rows))
    with pytest.raises(HqError) as caught:
        exported(frames(*sent), "csv")
    assert caught.value.code == 65
    assert str(caught.value) == f"{message}; choose with columns or symbol"


def test_a_panel_and_a_series_of_other_columns_are_told_with_what_differs():
    panel = Schema("bar", "", "1m", [("ts", "i8"), ("symbol", "s4"), ("close", "f8")])
    names = {"kind": "strings", "of": panel.key, "col": "symbol", "values": ["A"]}
    both = frames((panel, []), names, (panel, [(T0, 0, 1.5)]), two("X"))
    with pytest.raises(HqError) as caught:
        exported(both, "csv")
    assert str(caught.value) == (
        "csv holds one of a kind: bar/X/1m and bar//1m are a panel and a series, of other columns: open_time, volume; "
        "put them together with hq-merge and choose with columns"
    )


def test_findings_beside_other_rows_are_told_and_not_in_the_way(run, tmp_path):
    """They come where something is odd, so that a line that worked yesterday must not fail over them today."""
    head = "ts_ms,ev,exch_ts_ms,px,qty,order_id,ival,fval\\n"
    rows = "1,3758096388,0,100.0,2,0,0,0\\n1,3489660932,0,100.1,2,0,0,0\\n2,3758096385,0,100.05,1,0,0,0\\n"
    book = f"printf '{head}{rows}' | hq-import | hq-book --tick 0.1"
    ran = run(f"{book} | hq-export csv")
    assert ran.code == 0, ran.stderr
    assert ran.text.startswith("ts,bid,")
    assert "--kind finding gives the 1 finding row" in ran.stderr
    alone = run(f"{book} | hq-export csv --kind finding")
    assert len(alone.text.splitlines()) == 2
