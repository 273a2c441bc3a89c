"""A file with a symbol column is a panel, whatever the order within a ts, the format, the cuts, the state."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import tempfile
import zipfile

import numpy as np
import pyarrow as pa
import pytest
from frames import read
from hypothesis import given, settings
from hypothesis import strategies as st
from inputs import descriptor, exported
from panel_runs import merged
from panel_runs import run as through
from pyarrow import parquet
from test_csv import Slow
from test_import_order import imported
from test_own_json import stream

from hq_core.batch import Batch
from hq_core.errors import HqError
from hq_core.flow import Flow, State
from hq_core.formats import SourceOptions, open_source
from hq_core.formats.csv import CsvSource
from hq_core.order import ordered
from hq_core.roles import Stage
from hq_core.stages.imports import Import
from hq_core.wire import Reader

MS = 1_700_000_040_000
SYMBOLS = ("BTC", "ÄRZ", "a", "ETHUSDT", "ETH", "É", "B,C")
HEAD = ("open_time", "symbol", "open", "high", "low", "close", "volume")
rows_ = st.lists(st.lists(st.sampled_from(SYMBOLS), min_size=1, unique=True), min_size=1, max_size=6).map(
    lambda instants: [(at, symbol) for at, symbols in enumerate(instants) for symbol in symbols]
)


def bar(at: int, symbol: str) -> tuple:
    low = 10 + at + SYMBOLS.index(symbol) if symbol in SYMBOLS else 10 + at
    return MS + 60_000 * at, symbol, low + 1, low + 3, low, low + 2, 5


def text(rows, head=HEAD) -> bytes:
    to = io.StringIO()
    out = csv.writer(to, lineterminator="\n")
    out.writerow(head)
    out.writerows(rows)
    return to.getvalue().encode()


def named(panel: dict[str, list]) -> list[tuple]:
    return list(zip(panel["ts"], panel["symbol"], panel["close"]))


def want(rows) -> list[tuple]:
    """By ts and the text of the symbol."""
    return sorted((10**6 * (row[0] + 60_000), row[1], float(row[5])) for row in rows)


# -- the order -----------------------------------------------------------------------------------------------
@settings(max_examples=60)
@given(rows=rows_, sizes=st.lists(st.integers(1, 90), min_size=1, max_size=4))
def test_rows_lie_by_ts_and_symbol_however_the_bytes_come(rows, sizes):
    made = [bar(*row) for row in rows]
    data = text(made)
    found: list[tuple] = []
    for item in ordered(CsvSource(Slow(data, sizes), SourceOptions(period="1m", time_unit="ms"))):
        if hasattr(item, "n"):
            found += zip(item.view("ts").tolist(), item.words("symbol"), item.view("close").tolist())
    assert found == want(made)


@settings(max_examples=25)
@given(rows=rows_, cut=st.integers(0, 40), turn=st.randoms(use_true_random=False))
def test_two_runs_on_one_state_give_what_one_gives(rows, cut, turn, tmp_path_factory):
    """Promise 2, cut inside a ts too; the second file says its symbols in another order."""
    turn.shuffle(rows)
    rows.sort(key=lambda row: row[0])
    made = [bar(*row) for row in rows] + [bar(9, "a")]
    cut = min(cut, len(made))
    whole = named(read(imported(text(made), period="1m", time_unit="ms")).rows["bar//1m"])
    path = str(tmp_path_factory.mktemp("state") / "s")
    parts = b""
    for part in (made[:cut], made[cut:]):
        out = os.memfd_create("out")
        stage = Import(SourceOptions(period="1m", time_unit="ms"))
        fd = descriptor(text(part))
        Flow(stage, "hq-import", [], fd, out).run(stage.source(fd), State(path, 0, {}))
        parts += os.pread(out, os.fstat(out).st_size, 0)
        os.close(fd)
        os.close(out)
    found = read(parts).rows.get("bar//1m")
    assert whole == want(made)
    assert (named(found) if found else []) == [row for row in whole if row[0] < whole[-1][0]]


def test_frames_do_not_go_on_where_rows_of_text_wait(run, tmp_path):
    (tmp_path / "a.csv").write_bytes(b"ts,symbol,price,qty\n2026-02-01T00:00:00Z,a,1,1\n")
    assert run("hq-import --state s < a.csv | hq-export csv").text == "ts,symbol,price,qty\n"
    ran = run("hq-gen trades --rows 3 --seed 1 | hq-import --state s")
    assert ran.code == 65
    assert "state s: rows wait for the rest of their ts, which frames cannot bring" in ran.stderr


def test_a_ts_waits_until_it_is_complete_and_the_last_one_until_the_end():
    made = [bar(0, "a"), bar(0, "BTC"), bar(1, "a")]
    source = CsvSource(Slow(text(made), [30]), SourceOptions(period="1m", time_unit="ms"))
    sizes = [item.n for item in ordered(source) if hasattr(item, "n")]
    assert sizes == [2, 1]


def test_rows_grouped_by_symbol_are_refused_with_their_row_and_sorted_on_demand():
    made = [bar(at, symbol) for symbol in SYMBOLS for at in range(5)]
    with pytest.raises(HqError, match=r"^bar//1m row 6: ÄRZ: ts goes back from .*hq-import --order sort") as caught:
        imported(text(made), period="1m", time_unit="ms")
    assert caught.value.code == 65
    assert named(read(imported(text(made), period="1m", time_unit="ms", order="sort")).rows["bar//1m"]) == want(made)


def test_a_repeated_row_is_named_by_its_row_of_the_file():
    made = [bar(0, "ETH"), bar(0, "BTC"), bar(0, "a"), bar(0, "ETH"), bar(1, "a")]
    with pytest.raises(HqError, match=r"^bar//1m row 4: ETH: open_time .* is there a second time"):
        imported(text(made), period="1m", time_unit="ms")


def test_good_rows_before_a_bad_one_are_given():
    data = text([bar(0, "ETH"), bar(0, "BTC")]) + b"x\n"
    stage = Import(SourceOptions(period="1m", time_unit="ms"))
    fd, out = descriptor(data), os.memfd_create("out")
    with pytest.raises(HqError, match="row 3 .*has 1 fields, 7 wanted"):
        Flow(stage, "hq-import", [], fd, out).run(stage.source(fd))
    with pytest.raises(HqError, match="without its end frame, after 2 rows"):
        read(os.pread(out, 1 << 20, 0))


# -- what holds for each symbol --------------------------------------------------------------------------------
def test_bars_are_looked_at_by_symbol_and_the_error_says_which():
    made = [bar(0, "a"), bar(0, "BTC"), bar(1, "a"), bar(1, "BTC")]
    late = [(MS + 60_000 + 30_000, *bar(1, "BTC")[1:])]
    with pytest.raises(HqError, match=r"row 5 .*: BTC: the bar of .* overlaps the one before it"):
        imported(text(made + late), period="1m", time_unit="ms")
    imported.dropped = {}
    kept = read(imported(text(made + late), period="1m", time_unit="ms", invalid="drop")).rows["bar//1m"]
    assert named(kept) == want(made)
    assert imported.dropped == {"overlaps the bar before": 1}


def test_a_period_is_told_by_two_rows_of_the_first_symbol():
    made = [(MS + 300_000 * at, *bar(0, symbol)[1:]) for at in range(2) for symbol in ("b", "c")]
    assert list(read(imported(text(made), time_unit="ms")).rows) == ["bar//5m"]


@pytest.mark.parametrize("order", ["error", "sort"])
@pytest.mark.parametrize("dedupe", ["exact", "last"])
def test_repeats_are_left_out_by_symbol(dedupe, order):
    made = [bar(at, symbol) for at in range(20) for symbol in SYMBOLS]
    twice = [row for row in made for _ in range(2)]
    got = read(imported(text(twice), dedupe, order=order, period="1m", time_unit="ms")).rows["bar//1m"]
    assert named(got) == want(made)


@pytest.mark.parametrize(
    ("dedupe", "message"),
    [
        ("exact", r"bar//1m: B: open_time .* is there twice, in rows 2 and 3, which differ in .*close"),
        ("error", r"bar//1m row 3: B: open_time .* is there a second time"),
    ],
)
def test_rows_of_a_key_that_differ_are_named_with_their_symbol(dedupe, message):
    made = [bar(0, "a"), bar(0, "B"), (*bar(0, "B")[:5], 11.5, 5), bar(1, "a")]
    with pytest.raises(HqError, match=message):
        imported(text(made), dedupe, period="1m", time_unit="ms")


def test_times_of_a_zone_are_read_by_symbol():
    """The hour that a clock shows twice is told apart by the symbol's row before."""
    hours = ["2024-11-03 00:30", "2024-11-03 01:30", "2024-11-03 01:30", "2024-11-03 02:30"]
    rows = [(hour, symbol, 1, 1) for hour in hours for symbol in ("b", "a")]
    got = read(imported(text(rows, ("ts", "symbol", "price", "qty")), tz="America/New_York")).rows["trade//"]
    assert got["symbol"] == ["a", "b"] * 4
    assert [ts // 3_600_000_000_000 % 24 for ts in got["ts"]] == [4, 4, 5, 5, 6, 6, 7, 7]


# -- which files ------------------------------------------------------------------------------------------------
def rows_of(data: bytes, **options) -> dict[str, list]:
    found = read(imported(data, period="1m", time_unit="ms", **options)).rows
    assert list(found) == ["bar//1m"]
    return named(found["bar//1m"])


def test_every_format_gives_the_same_panel():
    chance = random.Random(3)
    made = [bar(at, symbol) for at in range(40) for symbol in chance.sample(SYMBOLS, len(SYMBOLS))]
    columns = dict(zip(HEAD, map(list, zip(*made))))
    objects = [dict(zip(HEAD, row)) for row in made]
    to, packed = io.BytesIO(), io.BytesIO()
    np.savez(to, **{name: np.array(values) for name, values in columns.items()})
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a-1m.csv", text(made[:100]))
        archive.writestr("b-1m.csv", text(made[100:]))
    table, arrow, plain, coded = pa.table(columns), io.BytesIO(), io.BytesIO(), io.BytesIO()
    with pa.ipc.new_stream(arrow, table.schema) as out:
        out.write_table(table)
    parquet.write_table(table, plain, use_dictionary=False)
    at = table.schema.get_field_index("symbol")
    parquet.write_table(table.set_column(at, "symbol", table["symbol"].dictionary_encode()), coded)
    forms = [
        text(made),
        "\n".join(map(json.dumps, objects)).encode(),
        json.dumps(objects).encode(),
        *(file.getvalue() for file in (to, packed, arrow, plain, coded)),
    ]
    for data in forms:
        assert rows_of(data) == want(made)


def test_what_hq_exports_comes_back_as_what_it_was(run, tmp_path):
    for name, seed in (("BTC", 1), ("ETH", 2)):
        assert run(f"hq-gen bars --rows 40 --seed {seed} --symbol {name} > {name}.hqf").code == 0
    assert run("hq-merge BTC.hqf ETH.hqf > panel.hqf; cat BTC.hqf ETH.hqf > series.hqf").code == 0
    for form in ("csv", "tsv", "jsonl", "json", "csv --time ms"):
        for kind, series in (("panel", ["bar//1m"]), ("series", ["bar/BTC/1m", "bar/ETH/1m"]), ("BTC", ["bar/BTC/1m"])):
            ran = run(f"hq-export {form} < {kind}.hqf | hq-import > again.hqf; hq-diff {kind}.hqf again.hqf")
            assert (ran.code, ran.stderr) == (0, ""), (form, kind)
            assert sorted(read((tmp_path / "again.hqf").read_bytes()).rows) == series, (form, kind)


@pytest.mark.parametrize("format_", ["csv", "jsonl"])
@pytest.mark.parametrize("kind", ["fill", "equity"])
def test_other_kinds_of_ours_come_back_as_panels(kind, format_):
    panel = merged(stream(kind, "B"), stream(kind, "A"))
    (got,) = read(imported(exported(panel, format_))).rows.values()
    (rows,) = read(panel).rows.values()
    assert got["symbol"] == ["A", "B"] * 7
    assert repr(got) == repr(rows)  # NaN is no other value


def test_a_symbol_that_is_said_or_a_file_without_one_is_a_series():
    made = [bar(at, "a") for at in range(3)]
    plain = text([(row[0], *row[2:]) for row in made], (HEAD[0], *HEAD[2:]))
    assert list(read(imported(plain, period="1m", time_unit="ms", symbol="X")).rows) == ["bar/X/1m"]
    assert list(read(imported(plain, period="1m", time_unit="ms")).rows) == ["bar//1m"]
    assert "symbol" not in read(imported(plain, period="1m", time_unit="ms")).rows["bar//1m"]
    with pytest.raises(HqError, match="the input says its symbols itself"):
        imported(text(made), period="1m", time_unit="ms", symbol="X")


def test_messages_of_an_exchange_stay_series():
    """A venue sends each symbol's rows in order, but not those of all of them."""
    sent = [
        {"e": "aggTrade", "s": symbol, "a": at, "p": "2", "q": "3", "f": at, "l": at, "T": MS - at, "m": False}
        for at, symbol in enumerate(("X", "Y"))
    ]
    assert sorted(read(imported("\n".join(map(json.dumps, sent)).encode())).rows) == ["trade/X/", "trade/Y/"]


def test_files_share_their_codes(run, tmp_path):
    """Two files of one stream say their symbols in different orders."""
    (tmp_path / "1.csv").write_bytes(text([bar(0, "b"), bar(0, "a")]))
    (tmp_path / "2.csv").write_bytes(text([bar(1, "c"), bar(1, "a"), bar(1, "b")]))
    ran = run("hq-import --time-unit ms --period 1m 1.csv 2.csv | hq-export csv --columns symbol,close")
    assert ran.stdout.decode().split() == ["symbol,close", "a,14.0", "b,12.0", "a,15.0", "b,13.0", "c,13.0"]


# -- symbols ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("symbol", ['"A ""B"""', "AB ", " AB", '"A,B"', "é", "x" * 256, "600000", "null"])
def test_any_spelling_of_a_symbol(symbol):
    name = next(csv.reader([symbol.strip()]))[0].strip()
    lines = [f"{MS + 60_000 * at},{one},1,1,1,1,1" for at in range(3) for one in ("AA", symbol, "ZZ")]
    got = read(imported(f"{','.join(HEAD)}\n{chr(10).join(lines)}\n".encode(), period="1m", time_unit="ms"))
    assert got.rows["bar//1m"]["symbol"] == sorted(["AA", name, "ZZ"]) * 3


@pytest.mark.parametrize(
    ("symbol", "message"),
    [
        ("", "row 2 .*: column 'symbol' is empty"),
        ("x" * 257, "row 2 .*is no symbol: up to 256 characters"),
        ("a\x1b[2J", "row 2 .*is no symbol"),
        ("a\xff", "not UTF-8"),
    ],
)
def test_what_is_no_symbol_is_refused_with_its_row(symbol, message):
    data = text([bar(0, "a")]) + f"{MS},{symbol},1,1,1,1,1\n".encode("latin1")
    with pytest.raises(HqError, match=message):
        imported(data, period="1m", time_unit="ms")


def test_more_symbols_than_a_table_holds_at_first():
    """Names that share their beginnings and differ in their lengths."""
    chance = random.Random(1)
    symbols = list({"A" * chance.randrange(9) + str(chance.randrange(10**6)) for _ in range(5000)})
    rows = [(MS + 60_000 * at, symbol, 1, 1, 1, 1, i) for at in range(2) for i, symbol in enumerate(symbols)]
    got = read(imported(text(rows), period="1m", time_unit="ms")).rows["bar//1m"]
    volumes = {symbol: float(i) for i, symbol in enumerate(symbols)}
    assert got["symbol"] == sorted(symbols) * 2
    assert got["volume"] == [volumes[symbol] for symbol in got["symbol"]]


def test_more_symbols_than_are_read_are_refused(monkeypatch):
    monkeypatch.setattr("hq_core.formats.symbols.MOST_TEXTS", 3)
    with pytest.raises(HqError, match="row 4 .*is one symbol more than the 3 that are read in one input"):
        imported(text([bar(0, symbol) for symbol in ("a", "B,C", "É", "ETH")]), period="1m", time_unit="ms")


def test_other_filters_take_such_a_file_themselves():
    chance = random.Random(5)
    made = [bar(at, symbol) for at in range(9) for symbol in chance.sample(SYMBOLS, 4)]
    head = ("open_time", "symbol", "open", "high", "low", "close", "volume", "close_time")
    data = text([(*row, row[0] + 59_999) for row in made], head)
    fd = descriptor(data)
    assert named(read(through(Stage(), open_source(fd))).rows["bar//1m"]) == want(made)
    os.close(fd)


# -- rows of JSON without their symbol -------------------------------------------------------------------------
def objects(rows, about=()) -> bytes:
    """Bars as lines of JSON; a symbol None is a key that is not there."""
    made = [{**dict(about), **{k: v for k, v in zip(HEAD, row) if v is not None}} for row in rows]
    return "\n".join(map(json.dumps, made)).encode()


@pytest.mark.parametrize("about", [(), [("kind", "bar"), ("period", "1m")]])
@pytest.mark.parametrize("period", ["1m", ""])
@pytest.mark.parametrize("at", range(1, 5))
def test_a_row_without_the_symbol_that_others_have_is_told(at, period, about):
    made = [bar(0, "a"), bar(0, "BTC"), bar(1, "a"), bar(1, "BTC"), bar(2, "a")]
    made[at] = (made[at][0], None, *made[at][2:])
    with pytest.raises(HqError, match=rf"element {at + 1} \(byte \d+\): 'symbol': '' is missing") as caught:
        imported(objects(made, about), period=period, time_unit="ms")
    assert caught.value.code == 65


def test_a_row_with_a_symbol_behind_rows_that_have_none_is_told():
    made = [bar(0, "a"), bar(1, "a"), bar(2, "a")]
    made[:2] = [(row[0], None, *row[2:]) for row in made[:2]]
    with pytest.raises(HqError, match=r"element 3 .*: 'symbol' is there, which the bar objects before it lack"):
        imported(objects(made), period="1m", time_unit="ms")


def test_rows_of_hqs_own_kinds_are_told_without_their_symbol():
    fill = {"kind": "fill", "ts": "2026-01-01T00:00:00Z", "side": "long", "price": 1.0, "quantity": 1.0}
    made = [{"kind": "fill", "ts": fill["ts"], "symbol": "A", **fill}, fill]
    with pytest.raises(HqError, match="element 2 .*: 'symbol': '' is missing"):
        imported("\n".join(map(json.dumps, made)).encode())


def test_objects_of_another_kind_may_have_no_symbol():
    """So may series of hq beside each other, of which one has no name."""
    trade = {"ts": MS + 60_000, "price": 1.0, "qty": 1.0}
    data = objects([bar(0, "a"), bar(0, "BTC")]) + b"\n" + json.dumps(trade).encode()
    got = read(imported(data, period="1m", time_unit="ms")).rows
    assert got["bar//1m"]["symbol"] == ["BTC", "a"]
    assert got["trade//"]["price"] == [1.0]
    plain = {"ts": "2026-01-01T00:01:00Z", "open_time": "2026-01-01T00:00:00Z"}
    prices = dict.fromkeys(("open", "high", "low", "close"), 1.0)
    two = [{"kind": "bar", "symbol": "A", "period": "1m", **plain, **prices}]
    two.append({"kind": "bar", "period": "1m", **plain, **prices})
    assert set(read(imported("\n".join(map(json.dumps, two)).encode())).rows) == {"bar/A/1m", "bar//1m"}


# -- files of other columns, one behind the other --------------------------------------------------------------
MORE = (*HEAD, "vwap")
parts_ = st.lists(st.tuples(st.integers(1, 12), st.sampled_from([HEAD, MORE])), min_size=1, max_size=5)


def runs_of(parts) -> list[tuple]:
    """(ts, symbol) of what runs on one state give, one file each; in the order in which the rows come."""
    found = []
    path = os.path.join(tempfile.mkdtemp(), "s")
    for rows, head in parts:
        out = os.memfd_create("out")
        stage = Import(SourceOptions(period="1m", time_unit="ms"))
        fd = descriptor(text([(*row, 1) for row in rows] if head == MORE else rows, head))
        Flow(stage, "hq-import", [], fd, out).run(stage.source(fd), State(path, 0, {}))
        for item in Reader(descriptor(os.pread(out, 1 << 20, 0))):
            if isinstance(item, Batch):
                found += zip(item.view("ts").tolist(), item.words("symbol"))
        os.close(fd)
        os.close(out)
    return found


@settings(max_examples=60)
@given(parts=parts_, chance=st.randoms(use_true_random=False))
def test_runs_on_a_state_give_every_row_in_order_though_the_columns_change(parts, chance):
    """The day's file has a column more: rows of the last ts of the one before go out when it has been passed."""
    made = [bar(at, symbol) for at in range(24) for symbol in chance.sample(SYMBOLS, chance.choice((1, 2, 5)))]
    files, at = [], 0
    for n, head in parts:
        files.append((made[at : at + n], head))
        at += n
    made = made[:at]
    want_ = [(row[0], row[1]) for row in want(made)]
    got = runs_of(files)
    assert got == want_[: len(got)]
    assert {ts for ts, _ in want_[len(got) :]} == {want_[-1][0]}  # a later row of it may come
    paths = []
    folder = tempfile.mkdtemp()
    for i, (rows, head) in enumerate(files):
        paths.append(os.path.join(folder, f"{i}.csv"))
        with open(paths[-1], "wb") as file:
            file.write(text([(*row, 1) for row in rows] if head == MORE else rows, head))
    stage, out = Import(SourceOptions(period="1m", time_unit="ms"), paths), os.memfd_create("out")
    fd = descriptor(b"")
    Flow(stage, "hq-import", [], fd, out).run(stage.source(fd))
    items = [item for item in Reader(descriptor(os.pread(out, 1 << 20, 0))) if isinstance(item, Batch)]
    assert [pair for item in items for pair in zip(item.view("ts").tolist(), item.words("symbol"))] == want_


def test_panels_of_one_file_wait_for_their_own_rows():
    """Objects with other keys may come at another pace, and rows of a ts of theirs still come."""
    made = [bar(0, "b"), (*bar(1, "B,C"), 1), bar(0, "a"), (*bar(2, "B,C"), 1), bar(1, "a")]
    data = "\n".join(json.dumps(dict(zip(MORE, row))) for row in made).encode()
    got: list[tuple] = []
    for item in ordered(open_source(descriptor(data), b"", SourceOptions(period="1m", time_unit="ms"))):
        if isinstance(item, Batch) and not item.schema.has("vwap"):
            got += zip(item.view("ts").tolist(), item.words("symbol"))
    assert [symbol for _, symbol in got] == ["a", "b", "a"]


# -- what waits is told ----------------------------------------------------------------------------------------
def test_rows_that_wait_in_a_state_are_told_with_the_way_out(run, tmp_path):
    made = [bar(at, symbol) for at in range(4) for symbol in ("a", "BTC")]
    (tmp_path / "a.csv").write_bytes(text(made[:-1]))
    (tmp_path / "b.csv").write_bytes(text(made[-1:]))
    one = "1 row of 2023-11-14T22:18:00Z waits in the state for rows of a later ts"
    two = one.replace("1 row", "2 rows").replace("waits", "wait")
    said = "hq-import --stamp open --period 1m"
    ran = run(f"{said} --state i < a.csv | hq-export csv")
    assert ran.stderr == f"hq-import: {one}; a run that brings them gives it\n"
    ran = run(f"{said} --state i < b.csv | hq-export csv")
    assert ran.stderr == f"hq-import: {two}; a run that brings them gives them\n"
    run(f"{said} < a.csv | hq-export csv > c.csv")
    ran = run("hq-indicators sma:2 --state s < c.csv")
    assert ran.stderr == f"hq-indicators: {one}; `hq-import < FILE | hq-indicators --state …` gives it at once\n"
    assert run("hq-import < c.csv | hq-indicators sma:2 --state t | hq-export csv | wc -l").text == "8\n"
    assert run("hq-import < c.csv | hq-indicators sma:2 --state u").stderr == ""
    assert run("hq-indicators sma:2 < c.csv").stderr == ""
