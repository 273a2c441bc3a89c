"""Columns of free text: on the wire, through all that keeps or moves rows, and refused where they are damaged."""

from __future__ import annotations

import csv
import io
import json
import os
import struct

import frames
import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inputs import descriptor
from panel_runs import MINUTE, START, merged, recut, run
from state_attacks import attack
from test_merge_state import append, step

from hq_core import statefile, texts
from hq_core.api.pipe import pipe
from hq_core.batch import Schema
from hq_core.errors import DATA, HqError
from hq_core.roles import Stage
from hq_core.wire import Reader

FEW = settings(max_examples=int(os.environ.get("HQ_FUZZ", "25")))
COLS = (("ts", "i8"), ("text", "text"), ("score", "f8"), ("id", "text"), ("flag", "b1"))
ODD = ["", "a,b", 'say "no"', "two\nlines\r\n\t", "\x1b[2J", "\0", "ÄÖ€😀" * 40]
words = st.text(max_size=9) | st.sampled_from(ODD)
lines = st.lists(st.tuples(st.integers(0, 9), words, words), max_size=12)


def news(symbol, rows, shift=0):
    made = [(START + MINUTE * (at + shift), text, float(at), name, at % 2) for at, text, name in sorted(rows)]
    return Schema("news", symbol, "", COLS), made


def told(data):
    """The rows of all series, by ts and symbol."""
    found = []
    for kind, item in frames.items(data):
        if kind == "rows":
            symbols = item.words("symbol") if item.schema.panel else [item.schema.symbol] * item.n
            names = ("ts", "text", "score", "id", "flag")
            columns = [item.words(n) if n in ("text", "id") else item.view(n).tolist() for n in names]
            found += zip(symbols, *columns)
    return sorted(found, key=lambda row: (row[1], row[0]))


def expected(*series):
    return sorted(((schema.symbol, *row) for schema, rows in series for row in rows), key=lambda row: (row[1], row[0]))


# -- the wire --------------------------------------------------------------------------------------------------------
def test_a_frame_is_lengths_and_bytes_as_the_page_says():
    schema = Schema("news", "X", "", (("ts", "i8"), ("text", "text")))
    data = frames.frames((schema, [(1, "ab"), (2, ""), (3, "€")]))
    columns = struct.pack("<3q", 1, 2, 3) + struct.pack("<3I4x", 2, 0, 3) + b"ab\xe2\x82\xac" + bytes(3)
    header = struct.pack(">HBBIBIBIBIb", 0xDC00, 4, 0xCE, len(columns) + 16, 0xCE, 1, 0xCE, 3, 0xC9, len(columns), 1)
    assert header + columns in data


@FEW
@given(rows=lines, each=st.integers(0, 5), cuts=st.lists(st.integers(1, 12), max_size=5))
def test_what_is_written_is_read_however_it_is_cut(rows, each, cuts):
    series = news("A", rows)
    data = frames.frames(series, each=each)
    assert told(data) == told(recut(data, cuts)) == expected(series)


def test_many_rows_take_many_frames():
    series = news("A", [(0, "x" * 50_000, str(i)) for i in range(700)])
    assert told(frames.frames(series)) == expected(series)


def framed(lengths, data, n=None):
    """A stream of one frame, made by hand."""
    n = len(lengths) if n is None else n
    packed = struct.pack(f"<{len(lengths)}I", *lengths)
    columns = packed + bytes(-len(packed) % 8) + data + bytes(-len(data) % 8)
    header = struct.pack(">HBBIBIBIBIb", 0xDC00, 4, 0xCE, len(columns) + 16, 0xCE, 1, 0xCE, n, 0xC9, len(columns), 1)
    return b"".join(
        (
            msgpack.packb({"kind": "head", "hq": 1, "made_by": []}),
            msgpack.packb(
                {"kind": "schema", "id": 1, "of": "news", "symbol": "A", "period": "", "cols": [["t", "text"]]}
            ),
            header,
            columns,
            msgpack.packb({"kind": "end", "rows": {"news/A/": n}, "dropped": {}}),
        )
    )


@pytest.mark.parametrize(
    ("lengths", "data", "says"),
    [
        ([1 << 31], b"a", "column 't' row 1: a text of more than 65536 bytes"),
        ([65537], b"a" * 65537, "column 't' row 1: a text of more than 65536 bytes"),
        ([1, 9], b"abcdefgh", "column 't' row 2: a text that ends beyond the frame"),
        ([1], b"abcdefghi", "of which 8 are no column's"),
        ([2], b"\xc3(", "column 't' row 1: a text that is no UTF-8"),
        ([1, 1], "ä".encode(), "column 't' row 1: a text that is no UTF-8"),
        ([3], b"\xed\xa0\x80", "column 't' row 1: a text that is no UTF-8"),
        ([2], b"\xc0\x80", "column 't' row 1: a text that is no UTF-8"),
        ([4], b"\xf4\x90\x80\x80", "column 't' row 1: a text that is no UTF-8"),
    ],
)
def test_a_damaged_frame_is_refused_with_its_place(lengths, data, says):
    with pytest.raises(HqError) as refused:
        frames.read(framed(lengths, data))
    assert refused.value.code == DATA
    assert str(refused.value).startswith("frame at byte ")
    assert str(refused.value).endswith(says)


@pytest.mark.parametrize("n", [0, 3, 1 << 20, (1 << 32) - 1])
def test_wild_numbers_of_rows_are_refused(n):
    with pytest.raises(HqError) as refused:
        frames.read(framed([1], b"a", n))
    assert refused.value.code == DATA


@settings(max_examples=400)
@given(data=st.binary(max_size=12))
def test_utf_8_is_what_python_says_it_is(data):
    try:
        wanted = [data.decode()]
    except UnicodeDecodeError:
        wanted = None
    try:
        got = frames.read(framed([len(data)], data)).rows["news/A/"]["t"]
    except HqError:
        got = None
    assert got == wanted


def test_no_flipped_bit_is_a_signal_or_a_bug():
    data = frames.frames(news("A", [(0, "äb", "x"), (1, "", "yy")]))
    codes = set()
    for at in range(len(data)):
        for bit in range(8):
            try:
                told(data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :])
            except HqError as error:
                codes.add(error.code)
    assert codes == {DATA}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x" * 65537, "row 1: a text of 65537 bytes, may have at most 65536"),
        ("\ud800", "row 1: a text with half a surrogate pair"),
    ],
)
def test_a_text_that_no_column_holds_is_refused(text, says):
    with pytest.raises(HqError, match=says) as refused:
        texts.Texts([text])
    assert refused.value.code == DATA


# -- kept and moved --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("series", [False, True])
@FEW
@given(a=lines, b=lines, c=lines, cuts=st.lists(st.integers(1, 30), max_size=5))
def test_merging_keeps_each_row_s_text(series, a, b, c, cuts):
    parts = [news("A", a), news("B", b), news("C", c)]
    data = [frames.frames(part, each=3) for part in parts]
    panel = merged(*data, series=series)
    assert told(panel) == expected(*parts)
    assert told(merged(recut(panel, cuts), series=True)) == expected(*parts)


@FEW
@given(first=lines, second=lines, other=lines)
def test_rows_that_wait_in_a_state_keep_their_texts(first, second, other, tmp_path_factory):
    folder = tmp_path_factory.mktemp("text")
    parts = [news("A", first), news("A", second, 20), news("B", other, 5)]
    files = [folder / "a", folder / "b"]
    append(files[0], frames.frames(parts[0]))
    append(files[1], frames.frames(parts[2]))
    step(files, folder / "s", folder / "out")
    append(files[0], frames.frames(parts[1]))
    assert told(step(files, folder / "s", folder / "out", final=True)) == expected(*parts)


@FEW
@given(rows=lines, cuts=st.lists(st.integers(1, 12), max_size=5))
def test_stages_in_one_process_pass_texts(rows, cuts):
    series = news("A", rows)
    fd = descriptor(recut(frames.frames(series), cuts))
    try:
        assert told(run(pipe(Stage(), Stage()), Reader(fd))) == expected(series)
        os.lseek(fd, 0, os.SEEK_SET)
        found = [item for item in pipe(Stage(), Stage()).run(Reader(fd)) if hasattr(item, "n")]
        assert [word for item in found for word in item.words("text")] == [row[1] for row in series[1]]
    finally:
        os.close(fd)


def test_a_copy_outlives_what_it_was_made_of():
    held = texts.Texts(["abc", "", "äö"])
    copies = []
    for kind, item in frames.items(frames.frames(news("A", [(0, "abc", "x"), (1, "äö", "y")]), each=1)):
        if kind == "rows":
            copies.append(item.copied())
    assert [copy.words("text") for copy in copies] == [["abc"], ["äö"]]
    assert texts.words(held.address, 3) == ["abc", "", "äö"]


# -- commands --------------------------------------------------------------------------------------------------------
NOTES = ['a,"q"\nb', "", "\x1b[2J", "ä€😀", "x" * 65536]


def noted(notes):
    schema, rows = frames.flat_bars([100.0 + i for i in range(len(notes))], more=[("note", "text")])
    return frames.frames((schema, [(*row, note) for row, note in zip(rows, notes)]))


@pytest.fixture
def bars(tmp_path):
    (tmp_path / "bars").write_bytes(noted(NOTES))
    return tmp_path / "bars"


def test_csv_quotes_texts_and_json_escapes_them(run, bars):
    shown = run("hq-export csv --columns ts,note < bars")
    assert [row[2] for row in csv.reader(io.StringIO(shown.text))][1:] == NOTES
    objects = run("hq-export jsonl < bars").text.splitlines()
    assert [json.loads(line)["note"] for line in objects] == NOTES


def test_a_table_escapes_and_cuts_texts(run, bars):
    shown = run("hq-export table --columns ts,note < bars").text.splitlines()
    assert [line.split("Z", 1)[1].strip() for line in shown[2:]] == [
        'a,"q"\\nb',
        "",
        "\\x1b[2J",
        "ä€😀",
        "x" * 39 + "…",
    ]


@pytest.mark.parametrize("format_", ["parquet", "arrow"])
def test_files_of_columns_keep_texts(run, bars, format_):
    ran = run(f"hq-export {format_} -o x < bars && hq-import < x | hq-diff - bars")
    assert (ran.code, ran.stderr) == (0, "")


def test_a_text_of_a_file_that_no_column_holds_is_refused(run, bars):
    import pyarrow as pa

    assert run("hq-export arrow -o x < bars").code == 0
    folder = bars.parent
    table = pa.ipc.open_file(str(folder / "x")).read_all()
    for bad, says in (("y" * 65537, "texts of more than 65536 bytes"), (None, "has no value")):
        column = pa.array([*NOTES[:4], bad], pa.string())
        changed = table.set_column(table.schema.names.index("note"), table.schema.field("note"), column)
        with pa.ipc.new_file(str(folder / "y"), changed.schema) as to:
            to.write_table(changed)
        ran = run("hq-import < y > z")
        assert ran.code == 65
        assert ran.stderr.count("\n") == 1
        assert f"row 5: column 'note': {'is of ' * bool(bad)}{says}" in ran.stderr


def test_hq_diff_shows_both_texts(run, bars):
    (bars.parent / "other").write_bytes(noted([*NOTES[:2], "\x07", *NOTES[3:]]))
    ran = run("hq-diff bars other")
    assert ran.code == 1
    assert "note: '\\x1b[2J' != '\\x07'" in ran.text
    assert "1 of 5 rows differ in 1 column" in ran.text
    assert run("hq-diff bars bars").code == 0


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        ("hq-indicators 'sma:3(note)'", 65, "column 'note' of bar/BTCUSDT/15m is text, not numbers"),
        (
            "hq-export npz -o x",
            65,
            "npz: column 'note' holds free text, of which an array has none; choose others with",
        ),
        ("hq-import --order sort", 65, "bar/BTCUSDT/15m: column 'note' holds free text; rows with it cannot be sorted"),
        ("hq-signal note.hq", 65, "column 'note' of bar/BTCUSDT/15m is text, not numbers"),
    ],
)
def test_what_cannot_take_texts_says_so(run, bars, line, code, says):
    (bars.parent / "note.hq").write_text("IF note > 3 THEN BUY")
    ran = run(f"{line} < bars > out")
    assert ran.code == code
    assert says in ran.stderr
    assert ran.stderr.count("\n") == 1


def test_indicators_pass_texts_on_also_of_rows_that_wait(run, bars):
    def column(line):
        ran = run(line + " | hq-export csv --symbol BTCUSDT --columns ts,note")
        assert ran.code == 0, ran.stderr
        return [row[-1] for row in csv.reader(io.StringIO(ran.text))][1:]

    assert column("hq-indicators sma:2 < bars") == NOTES
    assert column("hq-merge bars | hq-indicators sma:2") == NOTES
    behind = "hq-gen bars --rows 30 --seed 1 --period 15m --symbol B --start 2023-11-14T22:00:00Z"
    assert column(f"{behind} | cat bars - | hq-indicators 'sma:2(close@B)'") == NOTES


def test_no_value_in_a_state_with_texts_is_a_signal_or_a_bug(tmp_path):
    files = [tmp_path / "a", tmp_path / "b"]
    files[0].write_bytes(frames.frames(news("A", [(0, "ä", "x")])))
    files[1].write_bytes(frames.frames(news("B", [(at, "b" * at, "€") for at in range(5)])))
    step(files, tmp_path / "s", tmp_path / "out")
    content = statefile.read(str(tmp_path / "s"))
    assert any(one[2] for one in content["input"]["source"]["kept"])

    def go(rest):
        (tmp_path / "x").unlink(missing_ok=True)
        return step(files, tmp_path / "s", tmp_path / "x", final=True)

    attack(content, b"", tmp_path / "s", go, 500, "merge with texts")
