"""Damaged and hostile .npy, .npz, Parquet and Arrow: one line and 65, with nothing read that is not there."""

from __future__ import annotations

import inspect
import io
import json
import os
import struct
import subprocess
import sys
import warnings
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fuzz_tables import SEED, fuzz
from peak import PEAK
from test_formats import longs, read
from test_tables_exact import npz, parquet_of, refused, stream_of, ticks

from hq_core.errors import HqError

ABOUT = {"of": "signal", "symbol": "X", "period": "4h", "cols": [["ts", "i8"], ["v", "f8x8192"]], "extra": {}}


def own(about: object, **arrays) -> bytes:
    """An .npz that says of itself what it likes."""
    text = about if isinstance(about, bytes) else json.dumps(about).encode()
    return npz(**{"hq.schema": np.frombuffer(text, dtype=np.uint8), **arrays})


def own_parquet(about: object, **columns) -> bytes:
    return parquet_of(pa.table(columns).replace_schema_metadata({b"hq": json.dumps(about).encode()}))


def own_stream(about: object, **columns) -> bytes:
    return stream_of(pa.table(columns).replace_schema_metadata({b"hq": json.dumps(about).encode()}))


MADE = {"npz": own, "parquet": own_parquet, "arrow": own_stream}


# -- A2: widths, kinds and lengths are checked against the arrays ---------------------------------------------
@pytest.mark.parametrize("format_", MADE)
@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        ("f8x8192", np.ones(10), "row 1: column 'v': is of .*, one a row, but the file's own description says f8x8192"),
        ("f8x3", np.ones(10, dtype="<f4"), "one a row, but the file's own description says f8x3"),
        ("i8", np.full(10, 1.5), "row 1: column 'v': 1.5 is not a whole number"),
        ("i4", np.arange(10) + 2**31 - 3, "row 4: column 'v': 2147483648 is not within -2147483648 to 2147483647"),
        ("i1", np.arange(10) + 125, "row 4: column 'v': 128 is not within -128 to 127"),
        ("b1", np.arange(10), "row 3: column 'v': 2 is not true or false"),
        ("f8", np.array(["1"] * 10), None),
        ("i8", np.array(["1"] * 10), "column 'v': .*text"),
        ("f8", np.arange(10) + 2**53 - 1, "row 3: column 'v': 9007199254740993 is no 64-bit"),
    ],
)
def test_a_description_that_the_arrays_do_not_bear_out_is_refused(format_, kind, values, message):
    about = {**ABOUT, "cols": [["ts", "i8"], ["v", kind]]}
    data = MADE[format_](about, ts=np.arange(10), v=values)
    if message is None:
        assert read(data)["signal/X/4h"]["v"] == np.ones(10).tobytes()
    else:
        refused(data, message)


@pytest.mark.parametrize("format_", MADE)
def test_vectors_of_another_width_are_refused(format_):
    values = np.ones((10, 4))
    column = values if format_ == "npz" else pa.FixedSizeListArray.from_arrays(values.reshape(-1), 4)
    for wide in (3, 5, 8192):
        about = {**ABOUT, "cols": [["ts", "i8"], ["v", f"f8x{wide}"]]}
        refused(MADE[format_](about, ts=np.arange(10), v=column), f"vectors of 4, but .* says f8x{wide}")
    about = {**ABOUT, "cols": [["ts", "i8"], ["v", "f8"]]}
    refused(MADE[format_](about, ts=np.arange(10), v=column), "vectors of 4, but .* says f8")


def test_the_arrays_of_a_description_have_one_length():
    refused(
        own({**ABOUT, "cols": [["ts", "i8"], ["v", "f8"]]}, ts=np.arange(10), v=np.ones(9)),
        "differ in length: ts 10, v 9",
    )


# -- C: what the description says ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("about", "message"),
    [
        (b"{x", "cannot be used: unexpected character"),
        (b"[]", "cannot be used"),
        (b"null", "cannot be used"),
        (b"7", "cannot be used"),
        (b"", "cannot be used"),
        (b"\xff", "cannot be used"),
        (b"[" * 3000, "cannot be used"),
        ({"of": "bar"}, "has no 'symbol'"),
        ({**ABOUT, "cols": 7}, "cannot be used"),
        ({**ABOUT, "cols": {}}, "0 columns, must be 1 to 4096"),
        ({**ABOUT, "cols": []}, "0 columns, must be 1 to 4096"),
        ({**ABOUT, "cols": ["ts"]}, "cannot be used|type 's'"),
        ({**ABOUT, "cols": [["ts"]]}, "cannot be used"),
        ({**ABOUT, "cols": [[1, "i8"]]}, "names of cols must be texts"),
        ({**ABOUT, "cols": [["ts", "q9"]]}, "'ts' is of type 'q9', which hq does not have"),
        ({**ABOUT, "cols": [["ts", 8]]}, "'ts' is of type 8"),
        ({**ABOUT, "cols": [["ts", "f8x0"]]}, "type 'f8x0'"),
        ({**ABOUT, "cols": [["ts", "f8x-1"]]}, "type 'f8x-1'"),
        ({**ABOUT, "cols": [["ts", "f8x99999999"]]}, "type 'f8x9"),
        ({**ABOUT, "cols": [["ts", "i8"], ["ts", "i8"]]}, "column 'ts' is there twice"),
        ({**ABOUT, "cols": [["ts", "i8"], ["a\x1b[2J", "i8"]]}, "none that does not print"),
        ({**ABOUT, "symbol": None}, "must be texts"),
        ({**ABOUT, "symbol": ["X"]}, "must be texts"),
        ({**ABOUT, "symbol": "x" * 257}, "at most 256 characters"),
        ({**ABOUT, "of": ""}, "kind is empty"),
        ({**ABOUT, "period": "4h/"}, "has a '/' in it"),
        ({**ABOUT, "extra": []}, None),
        ({**ABOUT, "extra": [1]}, "must be an object"),
        ({**ABOUT, "packed": "x"}, "cannot be used"),
        ({**ABOUT, "packed": "wcHB"}, "cannot be used"),
        ({**ABOUT, "cols": [["gone", "f8"]]}, "column 'gone' is missing, which the file's own description names"),
    ],
)
def test_a_description_that_cannot_be_used_is_refused(about, message):
    arrays = {"ts": np.arange(3), "v": np.ones((3, 8192))}
    if message is None:
        assert list(read(own(about, **arrays))) == ["signal/X/4h"]
        return
    refused(own(about, **arrays), message)
    if not isinstance(about, bytes):
        refused(own_stream(about, ts=np.arange(3)), message)


def test_columns_of_one_byte_that_say_they_are_the_description():
    refused(npz(**{"hq.schema": np.arange(3), "ts": np.arange(3)}), "is no description")
    refused(npz(**{"hq.schema": np.zeros(5 << 20, dtype=np.uint8), "ts": np.arange(3)}), "is no description")


# -- C: headers of arrays ------------------------------------------------------------------------------------
def array(header: str, data: bytes = b"", version: bytes = b"\1\0") -> bytes:
    text = header.encode()
    return b"\x93NUMPY" + version + len(text).to_bytes(2 if version[0] == 1 else 4, "little") + text + data


def header(descr: str = "[('ts_s', '<i8'), ('price', '<f8'), ('qty', '<f8')]", shape: str = "(2,)") -> str:
    return f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n"


ROWS = struct.pack("<qddqdd", 1, 1.0, 2.0, 2, 1.5, 2.5)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (array(header(shape="(-1,)"), ROWS), "no plain description"),
        (array(header(shape="(2**62,)"), ROWS), "no plain description"),
        (
            array(header(shape="(9223372036854775807,)"), ROWS),
            r"says shape \(9223372036854775807,\) of 24 bytes each, but 48",
        ),
        (array(header(shape="(99999999999999999999999,)"), ROWS), "cannot be read|no .npy array|says shape"),
        (array(header(shape="(3,)"), ROWS), r"says shape \(3,\) of 24 bytes each, but 48 bytes follow"),
        (array(header(), ROWS + b"x"), "says shape .* but 49 bytes follow"),
        (array(header(), ROWS[:-1]), "says shape .* but 47 bytes follow"),
        (array(header(shape="()"), ROWS[:24]), "shape"),
        (array(header(shape="2"), ROWS), "no .npy array that hq reads"),
        (array(header(shape="(True,)"), ROWS), "says shape|no .npy array"),
        (array(header("'<f8'"), ROWS[:16]), "has no named fields"),
        (array(header("[('ts', '|O')]")), "Python objects, which are not read"),
        (array(header("[('ts', '<i8'), ('ts', '<i8')]"), bytes(32)), "no .npy array that hq reads"),
        (array(header("[('ts', 'q9')]"), bytes(32)), "no .npy array that hq reads"),
        (array(header("[('ts', '<U500000000')]"), bytes(32)), "no .npy array that hq reads|bytes follow"),
        (array(header("[('ts', '<i8', (1000000, 1000000))]"), bytes(32)), "no .npy array that hq reads|bytes follow"),
        (array(header("[('ts', '<U0')]")), "values of no bytes|says shape"),
        (array(header("(" * 900 + "1" + ")" * 900)), "no plain description"),
        (array(header("[" * 9000 + "1" + "]" * 9000)), "no plain description"),
        (array(header("-" * 30000 + "1")), "no plain description"),
        (array(header("__import__('os')")), "no plain description"),
        (array("{'descr': '<i8'"), "no .npy array that hq reads"),
        (array(""), "no .npy array that hq reads"),
        (array(header(), ROWS, b"\4\0"), "begins with"),
        (array(header(), ROWS)[:50], "header of .* bytes is cut"),
        (b"\x93NUMPY", "begins with"),
        (b"\x93NUMPY\2\0\xff\xff\xff\x7f" + bytes(50), "header of 2147483647 bytes is cut, or too long"),
        (array(header(shape="(4611686018427387904, 4611686018427387904)"), ROWS), "says shape"),
    ],
)
def test_headers_of_arrays_that_are_refused(data, message):
    refused(data, message)


@pytest.mark.parametrize("version", [b"\1\0", b"\2\0", b"\3\0"])
def test_headers_of_every_version_are_read(version):
    got = read(array(header(), ROWS, version))["trade//"]
    assert got["ts"] == longs(10**9, 2 * 10**9)
    named = header("[('ts_s', '<i8'), ('price', '<f8'), ('qty', '<f8'), ('Größe', '<f8')]")
    if version == b"\3\0":
        more = struct.pack("<qdddqddd", 1, 1, 2, 9, 2, 1, 2, 9)
        assert read(array(named, more, version))["trade//"]["ts"] == got["ts"]


def test_a_header_that_python_2_wrote_is_read_without_a_word(run, tmp_path):
    (tmp_path / "a.npy").write_bytes(array(header(shape="(2L,)"), ROWS))
    got = run("hq-export csv --time ns < a.npy")
    assert (got.code, got.stderr, got.stdout.count(b"\n")) == (0, "", 3)


def test_fields_of_any_type_beside_those_that_are_read():
    rows = np.zeros(
        3,
        dtype=[
            (("a title", "ts_s"), ">i8"),
            ("price", ">f8"),
            ("qty", "<f2"),
            ("grid", "<f8", (2, 2)),
            ("vec", "<f8", (3,)),
            ("in", [("a", "<i8"), ("b", "<f8")]),
            ("raw", "V7"),
            ("when", "<M8[D]"),
            ("phase", "<c8"),
            ("note", "<U5"),
        ],
    )
    rows["ts_s"], rows["price"], rows["qty"] = [1, 2, 3], [0.1, 0.2, 0.3], [1, 2, 3]
    to = io.BytesIO()
    np.save(to, rows)
    got = read(to.getvalue())["trade//"]
    assert got == read(npz(ts_s=np.arange(3) + 1, price=np.array([0.1, 0.2, 0.3]), qty=np.arange(3) + 1.0))["trade//"]


# -- C: zips -------------------------------------------------------------------------------------------------
def zipped(members: list[tuple[str, bytes]], method: int = 0) -> bytes:
    to = io.BytesIO()
    with zipfile.ZipFile(to, "w", method) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a name that is there twice
        for name, data in members:
            archive.writestr(name, data)
    return to.getvalue()


def saved(values: object) -> bytes:
    to = io.BytesIO()
    np.save(to, values)
    return to.getvalue()


PLAIN = [(f"{name}.npy", saved(values)) for name, values in ticks().items()]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (zipped([*PLAIN, PLAIN[1]]), "the .npz has 'price.npy' twice"),
        (zipped([*PLAIN, ("more.npy", saved(np.ones(3)) + b"x")]), "more.npy: says shape"),
        (zipped([*PLAIN, ("more.npy", b"x")]), "more.npy: is no .npy array"),
        (zipped(PLAIN, zipfile.ZIP_LZMA), "ts_s.npy: is packed by method 14; stored and deflated are read"),
        (zipped(PLAIN, zipfile.ZIP_BZIP2), "ts_s.npy: is packed by method 12"),
        (zipped([("a.npy", saved(np.array(7)))]), "no column that hq reads: 'a' is of shape"),
        (zipped(PLAIN)[:-30], "the .npz is not whole"),
        (zipped(PLAIN).replace(b"PK\1\2", b"PK\1\3"), "the .npz cannot be read"),
    ],
)
def test_zips_that_are_refused(data, message):
    refused(data, message)


def test_odd_names_in_a_zip_are_names_and_others_are_passed_over():
    odd = [("../up.npy", saved(np.ones(3))), ("a\x1b[2J.npy", saved(np.ones(3))), ("/etc/x.npy", saved(np.ones(3)))]
    assert read(zipped([*PLAIN, *odd, ("README", b"x"), ("folder/", b"")])) == read(zipped(PLAIN))
    with pytest.raises(HqError) as caught:
        read(zipped([*PLAIN, ("a\x1b[2J.npy", b"x")]))
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize("method", [0, 8])
def test_a_member_whose_bytes_or_sizes_are_others_is_refused(method):
    whole = zipped([(name, data) for name, data in PLAIN], method)
    at = whole.index(b"PK\1\2", whole.index(b"PK\1\2") + 4)  # the directory's entry of the second array
    for place, value in ((16, 12345), (20, 5), (24, 5), (24, 2**32 - 2), (42, 2**31), (42, 7)):
        wrong = bytearray(whole)
        wrong[at + place : at + place + 4] = struct.pack("<I", value)
        refused(bytes(wrong), "price.npy|the .npz")
    wrong = bytearray(whole)
    wrong[whole.index(b"price.npy") + 60] ^= 0xFF
    refused(bytes(wrong), "price.npy|the .npz")


# -- A3: Arrow and Parquet -------------------------------------------------------------------------------------
def test_offsets_outside_a_buffer_are_refused():
    whole = bytearray(stream_of(ticks(symbol=pa.array(["AAAA", "BBBB", "CCCC"]))))
    at = whole.index(struct.pack("<4i", 0, 4, 8, 12))
    whole[at : at + 16] = struct.pack("<4i", 0, 827474256, 8, 12)
    refused(bytes(whole), "row 1: column 'symbol': is of damaged values in rows 1 to 3")


def test_indices_outside_a_dictionary_are_refused():
    whole = bytearray(stream_of(ticks(symbol=pa.array(["A", "B", "A"]).dictionary_encode())))
    at = whole.rindex(struct.pack("<3i", 0, 1, 0))
    whole[at : at + 12] = struct.pack("<3i", 0, 1 << 30, -5)
    refused(bytes(whole), "row 1: column 'symbol': is of damaged values")


def test_what_is_no_text_is_refused_where_it_is_wanted_and_else_passed_over():
    whole = stream_of(ticks(symbol=pa.array(["AAAA", "BBBB", "CCCC"])))
    refused(whole.replace(b"BBBB", b"B\xff\xffB"), "column 'symbol': is of damaged values")
    note = stream_of(ticks(note=pa.array(["AAAA", "BBBB", "CCCC"])))
    assert read(note.replace(b"BBBB", b"B\xff\xffB")) == read(note)


def test_an_arrow_file_has_as_many_batches_as_its_end_says():
    def made(parts: int) -> bytes:
        to = io.BytesIO()
        table = pa.table(ticks())
        with pa.ipc.new_file(to, table.schema) as writer:
            for _ in range(parts):
                writer.write_table(table)
        return to.getvalue()

    two, one = made(2), made(1)
    footer = struct.unpack("<i", one[-10:-6])[0] + 10
    more = struct.unpack("<i", two[-10:-6])[0] + 10
    refused(two[:-more] + one[-footer:], "it has 2 record batches, its end counts 1")


def test_bytes_after_the_end_of_an_arrow_stream_are_refused():
    whole = stream_of(ticks())
    refused(whole + whole, "after the end of the Arrow stream come")
    refused(whole[:-20], "the Arrow stream is not whole")


def test_damage_says_after_which_row():
    table = pa.table(
        {"ts_ms": np.arange(30_000), "price": np.random.default_rng(1).random(30_000), "qty": np.ones(30_000)}
    )
    data = bytearray(parquet_of(table, row_group_size=10_000, use_dictionary=False, compression="gzip"))
    data[len(data) * 3 // 4] ^= 0xFF
    refused(bytes(data), "the Parquet file is damaged after row (8192|10000|16384|18192|20000|26384|28192)")


def test_a_parquet_page_that_is_not_what_its_checksum_says_is_refused():
    whole = bytearray(
        parquet_of(
            ticks(price=np.full(3, 1.25)),
            compression="none",
            use_dictionary=False,
            write_statistics=False,
            write_page_checksum=True,
        )
    )
    at = whole.index(struct.pack("<3d", 1.25, 1.25, 1.25))
    whole[at + 6] ^= 1
    refused(bytes(whole), "the Parquet file cannot be read: .*CRC")


def test_bars_whose_second_row_has_a_bad_time_are_65():
    times = np.array([1_600_000_000_000, 16, 1_600_000_120_000])
    refused(npz(open_time=times, close=np.ones(3)), "row 2: .*has 2 digits, the first row had 13")


# -- memory ------------------------------------------------------------------------------------------------------
def deflated_npz(rows: int, wide: str) -> bytes:
    """A few hundred KB that unpack to as many MB: texts of little."""
    symbol = array(header(f"'{wide}'", f"({rows},)"), np.full(rows, "X", dtype=wide).tobytes())
    plain = {"ts_s": np.arange(rows), "price": np.ones(rows), "qty": np.ones(rows)}
    return zipped([*((f"{name}.npy", saved(values)) for name, values in plain.items()), ("symbol.npy", symbol)], 8)


def packed_arrow(n: int) -> bytes:
    table = pa.table({**ticks(ts_s=np.zeros(n, dtype=np.int64), price=np.ones(n), qty=np.zeros(n))})
    to = io.BytesIO()
    with pa.ipc.new_stream(to, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    return to.getvalue()


def packed_parquet(n: int) -> bytes:
    table = pa.table({**ticks(ts_s=np.zeros(n, dtype=np.int64), price=np.ones(n), qty=np.zeros(n))})
    sizes = {"data_page_size": 1 << 30, "row_group_size": n, "write_batch_size": n}
    if "max_rows_per_page" in inspect.signature(pq.ParquetWriter).parameters:
        sizes["max_rows_per_page"] = n
    return parquet_of(table, compression="zstd", use_dictionary=False, **sizes)


def long_texts(n: int) -> bytes:
    return parquet_of(
        ticks(
            **{name: np.zeros(n) if name != "ts_s" else np.arange(n) for name in ("ts_s", "price", "qty")},
            symbol=pa.DictionaryArray.from_arrays(np.zeros(n, dtype=np.int32), pa.array(["x" * 1_000_000])),
        )
    )


def shared_beginnings(n: int) -> bytes:
    table = pa.table({**ticks(ts_s=np.arange(n), price=np.ones(n), qty=np.zeros(n)), "symbol": ["x" * 100_000] * n})
    return parquet_of(
        table,
        use_dictionary=False,
        compression="none",
        column_encoding={"symbol": "DELTA_BYTE_ARRAY"},
        write_statistics=False,
    )


def many_columns(n: int) -> bytes:
    return npz(**{f"c{i}": np.ones(8192) for i in range(n)}, open_time_ms=np.arange(8192) * 60_000, close=np.ones(8192))


BOMBS = {
    "wide texts": (lambda: deflated_npz(4096, "<U40000"), 0),
    "one wide text": (lambda: deflated_npz(3, "<U8000000"), 65),
    "packed Arrow": (lambda: packed_arrow(20_000_000), 65),
    "packed Parquet": (lambda: packed_parquet(20_000_000), 65),
    "long texts": (lambda: long_texts(20_000), 65),
    "shared beginnings": (lambda: shared_beginnings(9000), 65),
    "thousands of columns": (lambda: many_columns(2000), 0),
    "just not too much Arrow": (lambda: packed_arrow(5_500_000), 0),
    "just not too much Parquet": (lambda: packed_parquet(5_500_000), 0),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_memory_is_bounded_whatever_a_file_unpacks_to(bomb, run, command_env, tmp_path):
    make, code = BOMBS[bomb]
    (tmp_path / "input").write_bytes(make())
    (tmp_path / "plain").write_bytes(npz(**ticks()) if "Pa" not in bomb else parquet_of(ticks()))
    peaks = []
    for name in ("plain", "input"):
        ran = subprocess.run(
            [sys.executable, "-S", "-c", PEAK, name, "hq-import"],
            env=command_env,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        peak, ended = map(int, ran.stdout.split())
        peaks.append(peak)
        assert ended == (code if name == "input" else 0)
    assert peaks[1] - peaks[0] < 200 << 10, peaks


# -- the temporary file -----------------------------------------------------------------------------------------
def test_a_full_or_missing_temporary_folder_is_74_and_names_it(run, tmp_path):
    many = {"price": np.ones(100_000), "qty": np.ones(100_000)}
    (tmp_path / "a.npz").write_bytes(npz(**ticks(ts_s=np.arange(100_000), **many)))
    (tmp_path / "spool").mkdir()
    got = run("ulimit -f 100; cat a.npz | hq-import", env={"TMPDIR": str(tmp_path / "spool")})
    assert (got.code, got.stderr.count("\n")) == (74, 1)
    assert f"cannot spool to {tmp_path / 'spool'}: File too large; TMPDIR names another folder" in got.stderr
    made = run("hq-gen bars --rows 50000 --seed 1 > a.hqf")
    assert made.code == 0
    got = run("ulimit -f 100; hq-export npz < a.hqf | cat > /dev/null", env={"TMPDIR": str(tmp_path / "spool")})
    assert got.code == 74
    assert "cannot spool to" in got.stderr
    assert not list((tmp_path / "spool").iterdir())


# -- all of it ---------------------------------------------------------------------------------------------------
ATTACKS = (
    "arrow.0d9e968c.in",
    "badjson.npz",
    "badkind.npz",
    "cplx.npz",
    "deep.npy",
    "huge.npy",
    "hugerows.npy",
    "listabout.npz",
    "nat.npz",
    "neg.npy",
    "nocols.npz",
    "npz.969cf50a.in",
    "oob.npz",
    "oob.parquet",
    "oobsegv.npz",
    "oobsegv.parquet",
    "ovf.npz",
    "ovf2.npz",
)


@pytest.mark.parametrize("name", ATTACKS)
def test_the_files_that_once_got_through_are_65(name, shared, run):
    if not (shared / "attack" / name).exists():
        pytest.skip(f"needs {name}")
    got = run(f"hq-export csv --time ns < {shared / 'attack' / name}")
    assert (got.code, got.stdout.count(b"\n") <= 1, got.stderr.count("\n")) == (65, True, 1)


def test_damaged_files_give_rows_or_one_error():
    full = os.environ.get("HQ_TRIALS") == "full"
    assert fuzz(100_000 if full else 600, SEED) == []
