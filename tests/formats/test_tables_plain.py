"""Own files of columns that lie as hq has them: without numpy, where they lie, and the same as one by one."""

from __future__ import annotations

import os
import re

import frames
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet
from test_formats import read
from test_tables_exact import npz, parquet_of, stream_of, ticks

from hq_core.batch import Batch, Schema
from hq_core.errors import HqError
from hq_core.formats import arrow, open_source, packed
from hq_core.formats.byte_stream import ByteStream
from hq_core.formats.mapped import HELD, Mapped
from hq_core.formats.tables import described

COLS = [("ts", "i8"), ("price", "f8"), ("side", "i1"), ("more", "i4"), ("flag", "b1")]
N = 40


@pytest.mark.parametrize("format_", ["parquet", "arrow", "npz"])
def test_own_files_are_read_without_numpy(run, format_):
    assert run(f"hq-gen bars --rows 3000 --seed 1 > a.hqf; hq-export {format_} < a.hqf > a.own").code == 0
    got = run("python -X importtime -m hq_cli.export csv < a.own 2> log | cmp - <(hq-export csv < a.hqf)")
    assert (got.code, got.text) == (0, "")
    log = run("cat log").text
    assert "hq_core.formats" in log
    assert not re.search(r"\| +numpy$", log, re.M)


@pytest.mark.parametrize("format_", ["parquet", "arrow"])
def test_tables_are_written_without_numpy(run, format_):
    got = run(f"hq-gen bars --rows 3000 --seed 1 | python -X importtime -m hq_cli.export {format_} 2> log > a; cat log")
    assert "pyarrow" in got.text
    assert not re.search(r"\| +numpy$", got.text, re.M)


def test_what_is_not_plain_is_read_where_pyarrow_has_no_numpy(run, tmp_path):
    gaps = {"ts_s": np.arange(3) + 1, "price": np.ones(3), "qty": np.ones(3), "taker": pa.array([True, False, None])}
    days = pa.array([1, None, 3], pa.date32())
    (tmp_path / "a.parquet").write_bytes(parquet_of({**gaps, "day": days, "x": pa.array([1, None, 3], pa.int16())}))
    (tmp_path / "a.arrow").write_bytes(stream_of({**gaps, "half": np.ones(3, "f2"), "word": ["a", "b", "a"]}))
    for name in ("parquet", "arrow"):
        got = run(f"hq-import --symbol X < a.{name} | hq-export csv --columns ts,price")
        assert got.code == 0
        assert got.text.count("\n") == 4


def columns(places, symbols, truths):
    """An own table of N rows: (schema, arrays), with a gap at each of `places`."""
    prices = [None if i in places else i / 7 for i in range(N)]
    return {
        "symbol": pa.array(symbols, pa.string()),
        "ts": pa.array(range(N), pa.timestamp("ns", "UTC")),
        "price": pa.array(prices, pa.float64()),
        "side": pa.array([1 - 2 * (i % 2) for i in range(N)], pa.int8()),
        "more": pa.array(range(N), pa.int32()),
        "flag": pa.array(truths, pa.bool_()),
    }


def given_by(data: bytes):
    try:
        return read(data), ""
    except HqError as error:
        return None, str(error)


@settings(max_examples=60, deadline=None)
@given(
    st.sets(st.integers(0, N - 1), max_size=2),
    st.lists(st.sampled_from(["A", "AA", "BB", "A\n", "", None, "é"]), min_size=1, max_size=3),
    st.lists(st.booleans(), min_size=N, max_size=N),
    st.integers(1, N),
)
def test_plain_columns_are_those_that_are_read_one_by_one(places, words, truths, cut):
    symbols = sorted((words[i % len(words)] for i in range(N)), key=lambda word: words.index(word))
    about = {"hq": described(Schema("trade", "A", "", COLS))}
    table = pa.table(columns(places, symbols, truths)).replace_schema_metadata(about)
    pieces = pa.concat_tables([table.slice(0, cut), table.slice(cut)])
    for data in (parquet_of(table), stream_of(table), stream_of(pieces)):
        found = given_by(data)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(arrow, "plain", lambda values, kind: None)
            assert found == given_by(data)


def test_truths_and_texts_of_an_npz_are_those_of_numpy():
    about = np.frombuffer(described(Schema("trade", "AB", "", COLS)), dtype=np.uint8)
    plain = {"ts": np.arange(N), "price": np.arange(N) / 7, "side": np.ones(N, "i1"), "more": np.arange(N, dtype="<i4")}
    flag = np.arange(N, dtype=np.uint8).view(np.bool_)  # a truth of any bits
    symbol = np.full(N, "AB")
    got = read(npz(**{"hq.schema": about, **plain, "flag": flag, "symbol": symbol}))
    swapped = {name: values.astype(values.dtype.newbyteorder(">")) for name, values in plain.items()}
    other = read(npz(**{"hq.schema": about, **swapped, "flag": flag, "symbol": symbol.astype("<U9")}))
    assert got == other
    assert got["trade/AB/"]["flag"] == bytes([0, *[1] * (N - 1)])


# -- page headers -----------------------------------------------------------------------------------------------
def headers(data: bytes):
    """Each page header of a Parquet file, as bytes."""
    buffer = pa.py_buffer(data)
    view = memoryview(data)
    for group in packed.row_groups(buffer):
        for column in group:
            at = column.start
            while at < column.end:
                header, after = packed._Compact(view[at : column.end]).whole(at)
                yield bytes(view[at:after])
                at = after + header[3]


OPTIONS = [
    {},
    {"data_page_version": "2.0"},
    {"write_page_checksum": True, "compression": "zstd"},
    {"write_statistics": False},
    {"use_dictionary": False},
    {"data_page_size": 100, "write_batch_size": 10},
]
TABLE = {**ticks(), "word": ["a" * 40, "b", ""], "gap": pa.array([1, None, 3], pa.int32()), "flag": [True, False, True]}
HEADERS = sorted({header for options in OPTIONS for header in headers(parquet_of(TABLE, **options))})


def by_fields(header: bytes):
    """Sizes, values and length of a page header, field by field; None where it is none, or of another kind."""
    try:
        found, after = packed._Compact(memoryview(header)).whole(0)
        page = found[5] if found[1] == packed.DATA_PAGE else {1: 0} if found[1] == packed.DICTIONARY else {}
        return found[1], found[2], found[3], page[1], after
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


def by_pattern(header: bytes):
    usual = packed._USUAL.match(memoryview(header))
    if not usual:
        return None
    sizes = [packed._signed(usual[a] or usual[b]) for a, b in ((1, 4), (2, 5))]
    return packed.DATA_PAGE if usual[1] else packed.DICTIONARY, *sizes, packed._signed(usual[3] or b"\0"), usual.end()


def test_nearly_all_page_headers_are_usual():
    data = parquet_of(ticks(), write_page_checksum=True)
    assert all(by_pattern(header) for header in headers(data))
    for header in HEADERS:
        assert by_pattern(header) in (None, by_fields(header))


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(HEADERS), st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=3), st.binary())
def test_a_page_header_that_the_pattern_takes_is_what_its_fields_say(header, changes, more):
    changed = bytearray(header)
    for at, byte in changes:
        changed[at % len(changed)] = byte
    found = by_pattern(bytes(changed) + more)
    assert found in (None, by_fields(bytes(changed) + more))


# -- where the file lies ----------------------------------------------------------------------------------------
def test_a_file_counts_as_read_and_one_that_was_begun_is_read_from_there(run, tmp_path):
    whole = parquet_of(ticks())
    (tmp_path / "a").write_bytes(whole)
    (tmp_path / "b").write_bytes(b"12345" + whole)
    for name in ("parquet", "npz"):
        (tmp_path / "c").write_bytes(whole if name == "parquet" else npz(**ticks()))
        assert run("(hq-import --symbol X > /dev/null; wc -c) < c").text.strip() == "0"
    fd = os.open(tmp_path / "b", os.O_RDONLY)
    os.lseek(fd, 5, os.SEEK_SET)
    assert sum(item.n for item in open_source(fd) if isinstance(item, Batch)) == 3
    os.close(fd)


def test_a_file_that_became_shorter_is_told(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(bytes(1 << 16))
    fd = os.open(path, os.O_RDONLY)
    mapped = Mapped(ByteStream(fd))
    mapped.forget(HELD)
    os.truncate(path, 5)
    mapped.forget(HELD - 1)
    with pytest.raises(HqError, match="became shorter while it was read"):
        mapped.forget(1)
    os.close(fd)


def test_a_small_arrow_stream_that_became_shorter_is_told_before_its_end(tmp_path):
    """Behind the end of a file the rest of its last page reads as zeros, which are no rows."""
    path = tmp_path / "a.arrows"
    n = 3000
    values = {
        "ts": pa.array(range(10**18, 10**18 + n), pa.timestamp("ns", "UTC")),
        "price": [1.5] * n,
        "qty": [2.0] * n,
    }
    table = pa.table(values)
    with pa.ipc.new_stream(str(path), table.schema) as out:
        out.write_table(table, max_chunksize=1000)
    size = path.stat().st_size
    assert size % 4096 > 600  # what is cut off lies in the last page, whose memory stays
    fd = os.open(path, os.O_RDONLY)
    rows = (item.n for item in open_source(fd) if isinstance(item, Batch))
    assert next(rows) <= 1000
    os.truncate(path, size - 500)
    with pytest.raises(HqError, match="the file became shorter while it was read"):
        list(rows)
    os.close(fd)


def test_row_groups_end_where_rows_are_many_or_wide(run, tmp_path):
    for kind, rows, most in (("trades", 300_000, 1 << 17), ("bars", 200_000, 1 << 16)):
        assert run(f"hq-gen {kind} --rows {rows} --seed 1 | hq-export parquet > a.parquet").code == 0
        about = parquet.ParquetFile(tmp_path / "a.parquet").metadata
        groups = [about.row_group(i).num_rows for i in range(about.num_row_groups)]
        assert sum(groups) == rows
        assert all(most <= n < 2 * most for n in groups[:-1])


def test_a_text_that_an_array_would_cut_is_refused(run, tmp_path):
    cols = [("ts", "i8"), ("price", "f8"), ("qty", "f8"), ("note", "s4")]
    rows = [(10**18 + i, 1.0, 2.0, i) for i in range(3)]
    for words, code in ((["a", "\0b", ""], 0), (["a", "b", "b\0"], 65), (["\0", "b", "c"], 65)):
        told = {"kind": "strings", "of": "trade/X/", "col": "note", "values": words}
        (tmp_path / "in").write_bytes(frames.frames(told, (Schema("trade", "X", "", cols), rows), each=2))
        ran = run("hq-export npz -o out.npz < in")
        assert ran.code == code, ran.stderr
        if code:
            assert "npz: column 'note' has a text that ends in U+0000, which an array does not keep" in ran.stderr
            assert ran.stderr.count("\n") == 1
            assert not (tmp_path / "out.npz").exists()
        else:
            assert np.load(tmp_path / "out.npz")["note"].tolist() == words
            (tmp_path / "out.npz").unlink()
