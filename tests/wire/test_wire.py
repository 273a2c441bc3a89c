"""hq-frames: the vectors, round trips under any cut of the bytes, hostile input, and what other readers see."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
import threading
import time

import frames
import msgpack
import pytest
import vector_files
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from places import ROOT

from hq_core.batch import Schema
from hq_core.errors import DATA, HqError
from hq_core.wire import Reader, Writer
from hq_core.wire.frame import MAX_BLOB, MAX_MAP

FUZZ = int(os.environ.get("HQ_FUZZ", "150"))
HERE = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
TYPES = ("i8", "f8", "i4", "s4", "i1", "b1", "f4x3", "i8x2", "b1x5")
NAMES = [f"c{i}" for i in range(7)]
COLUMNS = st.lists(st.sampled_from(TYPES), min_size=1, max_size=7)


class Told:
    """A stream as a vector's .json tells it, from hq's reader."""

    def __init__(self):
        self.items = []
        self.series = []
        self.misaligned = 0
        self.error, self.code = None, 0

    def take(self, source):
        try:
            for kind, item in source:
                self.one(kind, item)
        except HqError as error:
            self.error, self.code = str(error), error.code
        return self

    def one(self, kind, item):
        if kind == "schema":
            self.items.append({"schema": item.key})
            self.of(item)
        elif kind == "rows":
            self.items.append({"rows": [item.schema.key, item.n]})
            series = self.of(item.schema)
            for name in item.schema.names:
                series["columns"][name] += frames.values(item, name)
            self.misaligned += sum(at % 8 for at in item.addresses)
        elif kind == "mark":
            self.items.append({"mark": str(item)})
        elif kind != "idle":
            self.items.append({kind: item})

    def of(self, schema):
        what = {"key": schema.key, "cols": [list(col) for col in schema.cols], "extra": schema.extra}
        for series in self.series:
            if all(series[name] == value for name, value in what.items()):
                return series
        self.series.append({**what, "columns": {name: [] for name in schema.names}})
        return self.series[-1]


def same(one, other):
    """Equal with the sign of zero, and nan equal to nan."""
    return repr(one) == repr(other)


def piped(data, sizes):
    """A Reader's items when the bytes come through a pipe in pieces of these sizes, which repeat."""
    reading, writing = os.pipe()

    def feed():
        at = i = 0
        try:
            while at < len(data):
                at += os.write(writing, data[at : at + sizes[i % len(sizes)]])
                i += 1
        except BrokenPipeError:
            pass
        finally:
            os.close(writing)

    feeder = threading.Thread(target=feed)
    feeder.start()
    try:
        yield from frames.tagged(Reader(reading))
    finally:
        os.close(reading)
        feeder.join()


@pytest.mark.parametrize("name", vector_files.GOOD)
@pytest.mark.parametrize("sizes", [(), (1,), (7, 64, 3)], ids=["whole", "bytes", "pieces"])
def test_good_vectors_say_what_their_json_says(name, sizes):
    data, wanted = vector_files.stream(name), vector_files.expected(name)
    told = Told().take(piped(data, sizes) if sizes else frames.items(data))
    assert told.error is None
    assert told.items == wanted["items"]
    assert same(told.series, wanted["series"])
    assert told.misaligned == 0


@pytest.mark.parametrize("name", vector_files.BAD)
@pytest.mark.parametrize("sizes", [(), (1, 5)], ids=["whole", "pieces"])
def test_bad_vectors_are_refused_where_they_go_wrong(name, sizes):
    data, wanted = vector_files.stream(name), vector_files.expected(name)
    if len(data) > 50_000 and sizes:
        sizes = (4096,)
    told = Told().take(piped(data, sizes) if sizes else frames.items(data))
    assert told.code == DATA
    assert re.search(rf"\bbyte {wanted['error']['byte']}\b", told.error)
    assert wanted["error"]["says"] in told.error
    assert "\n" not in told.error
    assert told.error.isprintable()
    assert told.items == wanted["items"]
    assert same(told.series, wanted["series"])


def test_every_cut_of_a_stream_is_noticed():
    data = vector_files.stream("good-two-sections")
    unpacker, ends = msgpack.Unpacker(), [0]
    unpacker.feed(data)
    for said in unpacker:
        if isinstance(said, dict) and said["kind"] == "end":
            ends.append(unpacker.tell())
    whole = [cut for cut in range(len(data) + 1) if Told().take(frames.items(data[:cut])).error is None]
    assert whole == ends


# -- what the writer writes ------------------------------------------------------------------------------
def values(kind):
    item, _, length = kind.partition("x")
    one = {
        "i8": st.integers(-(2**63), 2**63 - 1),
        "f8": st.floats(),
        "f4": st.floats(width=32),
        "i4": st.integers(-(2**31), 2**31 - 1),
        "s4": st.integers(0, 2**31 - 1),
        "i1": st.integers(-128, 127),
        "b1": st.integers(0, 1),
    }[item]
    return st.lists(one, min_size=int(length), max_size=int(length)) if length else one


@st.composite
def streams(draw):
    """Pieces for frames.frames: rows of one to three series in pieces of any size, and maps between them."""
    pieces = []
    series = [
        Schema("kind", f"S{i}", draw(st.sampled_from(("", "1m", "4h"))), list(zip(NAMES, kinds)))
        for i, kinds in enumerate(draw(st.lists(COLUMNS, min_size=1, max_size=3)))
    ]
    for _ in range(draw(st.integers(0, 8))):
        if draw(st.booleans()):
            pieces.append({"kind": "note", "text": "x" * draw(st.integers(0, 9))})
        else:
            schema = draw(st.sampled_from(series))
            row = st.tuples(*(values(kind) for _, kind in schema.cols))
            pieces.append((schema, draw(st.lists(row, min_size=1, max_size=5))))
    return pieces


@HERE
@given(streams(), st.lists(st.integers(1, 80), min_size=1, max_size=5))
def test_what_is_written_is_read_however_the_bytes_come(pieces, sizes):
    wanted, maps = {}, []
    for piece in pieces:
        if isinstance(piece, dict):
            maps.append(piece)
            continue
        schema, rows = piece
        held = wanted.setdefault(schema.key, {name: [] for name in schema.names})
        for name, column in zip(schema.names, zip(*rows)):
            held[name] += [list(one) if isinstance(one, list) else one for one in column]
    told = Told().take(piped(frames.frames(*pieces), sizes))
    assert told.error is None
    assert told.misaligned == 0
    assert same({one["key"]: one["columns"] for one in told.series if any(one["columns"].values())}, wanted)
    assert [item["map"] for item in told.items if "map" in item] == maps
    assert told.items[-1]["end"]["rows"] == {
        **{schema.key: 0 for schema, _ in (p for p in pieces if isinstance(p, tuple))},
        **{key: len(next(iter(held.values()))) for key, held in wanted.items()},
    }


@HERE
@given(streams())
def test_a_plain_msgpack_reader_sees_objects_and_ends_where_each_says(pieces):
    """Each frame is [bytes that follow the first element, id, n, ext 1]; what pads a column is zero."""
    data = frames.frames(*pieces)
    unpacker = msgpack.Unpacker(max_buffer_size=len(data) + 1)
    unpacker.feed(data)
    schemas, at = {}, 0
    for said in unpacker:
        if isinstance(said, dict):
            if said["kind"] == "schema":
                schemas[said["id"]] = said["cols"]
        else:
            follows, number, n, columns = said
            assert isinstance(columns, msgpack.ExtType)
            assert columns.code == 1
            assert at + 8 + follows == unpacker.tell()
            used = 0
            for _, kind in schemas[number]:
                item, _, length = kind.partition("x")
                used += int(item[1]) * int(length or 1) * n
                assert not any(columns.data[used : used + -used % 8])
                used += -used % 8
            assert used == len(columns.data)
        at = unpacker.tell()
    assert at == len(data)


def rows_of(data):
    return [item["rows"] for item in Told().take(frames.items(data)).items if "rows" in item]


def test_rows_of_one_read_leave_as_one_frame_a_series_coarse_ones_first():
    fine, coarse, plain = (Schema("bar", "X", period, [("ts", "i8")]) for period in ("15m", "4h", ""))

    def write(out):
        series = {schema: out.series(schema) for schema in (plain, fine, coarse)}
        for ts in range(20):
            for schema in (plain, fine, coarse):
                frames.put(out, series[schema], [(ts,)])
        out.flush()
        frames.put(out, series[fine], [(20,)])
        out.map({"kind": "note"})
        frames.put(out, series[coarse], [(20,)])

    data = frames.gathered(write)
    assert rows_of(data) == [["bar/X/4h", 20], ["bar/X/15m", 20], ["bar/X/", 20], ["bar/X/15m", 1], ["bar/X/4h", 1]]
    assert frames.read(data).rows["bar/X/15m"]["ts"] == list(range(21))


@pytest.mark.parametrize("asked", [5, 600, 5000])
def test_fewer_rows_may_be_committed_than_were_asked_for(asked):
    import ctypes

    schema = Schema("x", "", "", [("ts", "i8"), ("flag", "b1"), ("v", "f4x3")])

    def write(out):
        series = out.series(schema)
        for n in (asked - 3, 0, asked):
            addresses = out.rows(series, asked)
            for (_, kind), at, column in zip(schema.cols, addresses, zip(*ROWS[:asked])):
                packed = frames.pack(kind, column)
                ctypes.memmove(at, packed, len(packed))
            out.commit(series, n)
        assert series.rows + series.staged == 2 * asked - 3

    held = frames.read(frames.gathered(write)).rows["x//"]
    wanted = ROWS[: asked - 3] + ROWS[:asked]
    assert held == {name: list(column) for name, column in zip(schema.names, zip(*wanted))}


ROWS = [(i, i % 2, [i, i + 0.5, -i]) for i in range(5000)]


def test_rows_that_no_frame_can_hold_are_cut_into_several():
    schema = Schema("x", "", "", [("ts", "i8"), ("flag", "b1")])
    n = MAX_BLOB // 9 + 1000

    def write(out):
        import ctypes

        series = out.series(schema)
        ts, flag = out.rows(series, n)
        (ctypes.c_int64 * n).from_address(ts)[:] = range(n)
        ctypes.memset(flag, 1, n)
        ctypes.memset(flag + n - 1, 0, 1)
        out.commit(series, n)

    total = 0
    for kind, batch in frames.items(frames.gathered(write)):
        if kind == "rows":
            assert batch.view("ts")[0] == total
            total += batch.n
            assert batch.view("ts")[batch.n - 1] == total - 1
            assert bytes(batch.view("flag")).count(1) == batch.n - (total == n)
    assert total == n


def test_wide_rows_hold_back_no_more_than_a_buffer():
    schema = Schema("x", "", "", [("v", "i8x8192")])

    def write(out):
        series = out.series(schema)
        for i in range(40):
            frames.put(out, series, [([i] * 8192,)])
        assert series.memory.size <= 1 << 20

    column = frames.read(frames.gathered(write)).rows["x//"]["v"]
    assert [row[-1] for row in column] == list(range(40))


def test_what_no_reader_would_take_is_not_written():
    with pytest.raises(HqError, match=f"kind note cannot be written: 2000031 bytes, may have at most {MAX_MAP}"):
        frames.gathered(lambda out: out.map({"kind": "note", "text": "x" * 1_000_000, "more": "x" * 1_000_000}))
    wide = [(f"v{i}", "f8x8192") for i in range(40)]
    with pytest.raises(HqError, match="a row of 2621440 bytes"):
        frames.gathered(lambda out: out.series(Schema("x", "", "", wide)))


def test_a_map_of_just_the_limit_passes_in_any_pieces():
    note = {"kind": "note", "bytes": b""}
    note["bytes"] = bytes(MAX_MAP - len(msgpack.packb({"kind": "note", "bytes": b"x" * 70_000})) + 70_000)
    assert len(msgpack.packb(note)) == MAX_MAP
    data = frames.gathered(lambda out: out.map(note))
    assert frames.read(data).maps == [note]
    assert [item for kind, item in piped(data, (50_000,)) if kind == "map"] == [note]


def test_sections_without_number_use_no_more_memory():
    schema = Schema("bar", "X", "1m", [("ts", "i8")])
    section = frames.frames((schema, [(1,)]))
    announced = {id(item) for kind, item in frames.items(section * 50) if kind == "schema"}
    assert len(announced) == 1
    out = Writer(os.open(os.devnull, os.O_WRONLY))
    for _ in range(1000):
        out.series(Schema("bar", "X", "1m", [("ts", "i8")]))
    assert len(out._by_schema) < 100
    os.close(out.fd)


def test_a_stdout_that_does_not_block_is_waited_for():
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    schema = Schema("x", "", "", [("ts", "i8")])
    came = []

    def drain():
        time.sleep(0.2)  # until the pipe is full
        while piece := os.read(reading, 65536):
            came.append(piece)

    reader = threading.Thread(target=drain)
    out = Writer(writing)
    out.head([], {})
    series = out.series(schema)
    reader.start()
    try:
        for start in range(0, 400_000, 4000):
            frames.put(out, series, [(ts,) for ts in range(start, start + 4000)])
        out.end({})
        out.flush()
    finally:
        os.close(writing)
        reader.join()
    os.close(reading)
    assert frames.read(b"".join(came)).rows["x//"]["ts"] == list(range(400_000))


def test_a_reader_goes_on_where_another_was_saved():
    data = vector_files.stream("good-two-sections")
    fd = os.memfd_create("input")
    os.write(fd, data)
    ends = []
    os.lseek(fd, 0, os.SEEK_SET)
    reader = Reader(fd)
    for kind, _ in frames.tagged(reader):
        if kind != "idle":
            ends.append((reader.position, msgpack.packb(reader.save())))
    for position, saved in ends:
        os.lseek(fd, position, os.SEEK_SET)
        second = Reader(fd)
        again = list(second.load(msgpack.unpackb(saved)))
        rest = sum(item.n for kind, item in frames.tagged(second) if kind == "rows")
        part = data[:position]
        before = sum(item.n for kind, item in frames.items(part + _closing(part)) if kind == "rows")
        assert before + rest == 8
        assert second.position == len(data) - position
        assert all(isinstance(item, Schema) for item in again)
    os.close(fd)


def _closing(part):
    """An end for a stream that stops, if it needs one."""
    counts, is_open = {}, False
    try:
        for kind, item in frames.items(part):
            if kind in ("head", "end"):
                counts, is_open = {}, kind == "head"
            elif kind == "rows":
                counts[item.schema.key] = counts.get(item.schema.key, 0) + item.n
    except HqError:
        pass
    return msgpack.packb({"kind": "end", "rows": counts, "dropped": {}}) if is_open else b""


# -- hostile input -----------------------------------------------------------------------------------------
@settings(max_examples=FUZZ, suppress_health_check=[HealthCheck.too_slow])
@given(
    name=st.sampled_from(vector_files.GOOD),
    edits=st.lists(
        st.tuples(
            st.sampled_from(("flip", "set", "cut", "insert", "double")), st.integers(0, 2**20), st.integers(0, 255)
        ),
        min_size=1,
        max_size=4,
    ),
    sizes=st.lists(st.integers(1, 5000), min_size=0, max_size=3),
)
def test_a_damaged_stream_is_read_or_refused_and_never_breaks_the_reader(name, edits, sizes):
    data = bytearray(vector_files.stream(name))
    for what, where, byte in edits:
        at = where % (len(data) or 1)
        if what == "flip" and data:
            data[at] ^= 1 << (byte & 7)
        elif what == "set" and data:
            data[at] = byte
        elif what == "cut":
            del data[at : at + byte]
        elif what == "insert":
            data[at:at] = bytes([byte]) * (byte % 9 + 1)
        else:
            data[at:at] = data[at : at + byte]
    told = Told().take(piped(bytes(data), sizes) if sizes else frames.items(bytes(data)))
    assert told.error is None or (told.code == DATA and told.error.isprintable() and len(told.error) < 1000)
    for series in told.series:
        assert len({len(column) for column in series["columns"].values()}) <= 1


BOUNDED = """
import os, resource, sys
from hq_core.errors import HqError
from hq_core.wire import Reader
def kilobytes():
    return int([line for line in open('/proc/self/status') if line.startswith('VmHWM')][0].split()[1])
before = kilobytes()
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
wrong = []
for path in sys.argv[1:]:
    fd = os.open(path, os.O_RDONLY)
    try:
        for _ in Reader(fd): pass
        wrong.append('read: ' + path)
    except HqError as error:
        if 'MemoryError' in str(error):
            wrong.append('memory: ' + path)
    os.close(fd)
print(kilobytes() - before, *wrong)
"""


def test_hostile_streams_are_refused_within_bounded_memory(tmp_path):
    """1 GiB of address space for all of them, and no more than 64 MiB of it ever used."""
    pack = msgpack.packb
    head = pack({"kind": "head", "hq": 1})
    wide = [[str(i), "f8x8192"] for i in range(5000)]
    more = {
        "nested-wide": head + b"\x81\xa4kind" + b"\xdc\x10\x00" * 300_000,
        "nested-huge": head + b"\x81\xa4kind" + b"\xdd\x00\xff\xff\xff" * 500,
        "map-never-ends": head + b"\xdf\x00\x00\xff\xff" + b"".join(pack(str(i)) + b"\xc0" for i in range(400_000)),
        "frame-never-comes": head
        + pack({"kind": "schema", "id": 1, "of": "x", "cols": [["v", "i8"]]})
        + b"\xdc\x00\x04\xce\x01\x00\x00\x10\xce\x00\x00\x00\x01\xce\x00\x20\x00\x00\xc9\x01\x00\x00\x00\x01",
        "many-columns": head + pack({"kind": "schema", "id": 1, "of": "x", "cols": wide}),
    }
    for name, data in more.items():
        (tmp_path / name).write_bytes(data)
    paths = [*(vector_files.FOLDER / f"{name}.hqf" for name in vector_files.BAD), *(tmp_path / name for name in more)]
    for _ in range(2):  # the first one may compile, which takes numba
        ended = subprocess.run(
            [sys.executable, "-c", BOUNDED, *map(str, paths)],
            capture_output=True,
            text=True,
            timeout=60,
            env={"PYTHONPATH": str(ROOT / "core"), "LC_ALL": "C", "HQ_CACHE": str(tmp_path / "cache")},
        )
        assert ended.returncode == 0, ended.stderr
    grown, *wrong = ended.stdout.split(maxsplit=1)
    assert not wrong
    assert int(grown) < 64 * 1024


def test_msgpack_reads_and_writes_as_its_own_suite_says(shared):
    """The published msgpack test suite inside a frame: what a map carries passes through unchanged in meaning."""
    import json

    suite = json.loads((shared / "data/msgpack/msgpack-test-suite.json").read_text())
    head, end = msgpack.packb({"kind": "head", "hq": 1}), msgpack.packb({"kind": "end", "rows": {}})
    checked = 0
    for cases in suite.values():
        for case in cases:
            wanted = _value_of(case)
            for form in case["msgpack"]:
                packed = bytes.fromhex(form.replace("-", ""))
                data = head + b"\x82" + msgpack.packb("kind") + msgpack.packb("x") + msgpack.packb("v") + packed + end
                (said,) = frames.read(data).maps
                assert said["v"] == wanted, (form, said)
                checked += 1
    assert checked > 200


def _value_of(case):
    if "bignum" in case:
        return int(case["bignum"])
    if "binary" in case:
        return bytes.fromhex(case["binary"].replace("-", ""))
    if "timestamp" in case:
        return msgpack.Timestamp(*case["timestamp"])
    if "ext" in case:
        return msgpack.ExtType(case["ext"][0], bytes.fromhex(case["ext"][1].replace("-", "")))
    return next(value for name, value in case.items() if name != "msgpack")


def test_the_vectors_are_what_their_script_makes():
    script = ROOT / "scripts" / "make_vectors.py"
    ended = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr


def test_the_page_names_every_type_and_every_column_that_hq_writes():
    """man/hq-frames.5 is the contract."""
    from hq_core.batch import WIDTHS
    from hq_core.kinds import KINDS

    page = (ROOT / "man" / "hq-frames.5").read_text().replace("\\-", "-")
    types = re.findall(r"^(\w\d) +(\d) bytes? ", page, re.M)
    assert {kind: int(size) for kind, size in types} == {kind: w for kind, w in WIDTHS.items() if kind != "text"}
    assert "\ntext 4 bytes, more " in page
    for name, kind in KINDS.items():
        (said,) = re.findall(rf"^\.SS {name}\n(.*?)^\.S[SH]", page, re.M | re.S)
        assert re.findall(r"^\[?\\fB(\w+)\\fP (\w+)\]?$", said, re.M)[: len(kind.cols)] == list(kind.cols)
    assert f"{MAX_BLOB >> 20} MiB" in page
    assert f"{MAX_MAP >> 20} MiB" in page


def test_the_comparison_tells_zeros_apart_and_takes_nan_for_nan_only():
    assert same([math.nan, 0.0], [math.nan, 0.0])
    assert not same([0.0], [-0.0])
    assert not same([math.nan], [1.0])


def test_a_stdin_that_does_not_block_is_waited_for():
    data = frames.frames((Schema("quote", "", "", [("ts", "i8")]), [(i,) for i in range(50)]))
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    feeder = threading.Thread(target=feed_slowly, args=(writing, data))
    feeder.start()
    rows = [ts for kind, item in frames.tagged(Reader(reading)) if kind == "rows" for ts in item.view("ts")]
    feeder.join()
    os.close(reading)
    assert rows == list(range(50))


def feed_slowly(fd, data):
    for at in range(0, len(data), 300):
        time.sleep(0.002)
        os.write(fd, data[at : at + 300])
    os.close(fd)
