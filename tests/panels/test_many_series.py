"""Thousands of symbols with a bar each: what they take grows with the rows and is small a series."""

from __future__ import annotations

import subprocess
import sys

import frames
import pytest
from peak import PEAK

from hq_core.batch import Schema
from hq_core.errors import DATA, HqError
from hq_core.wire import Writer, writer
from hq_core.wire.frame import MAX_COLUMNS, MAX_SERIES
from hq_core.wire.writer import COUNTS

SYMBOLS = 5000
LIMIT = 205 * 1024  # KiB: hq-signal is near it, with 37 KB a symbol, one of them since orders say more
LINES = (
    "hq-indicators rsi:14 ema:20 macd bbands:20",
    "hq-aggregate 1h",
    "hq-signal s.hq",
    "hq-export csv",
    "hq-import < csv",
)


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    folder = tmp_path_factory.mktemp("many")
    (folder / "bars").write_bytes(_stream(SYMBOLS))
    (folder / "one").write_bytes(_stream(1))
    (folder / "s.hq").write_text("IF RSI(14) < 30 AND close > EMA(close, 20)[3] THEN BUY\nIF RSI(14) > 70 THEN SELL")
    return folder


def _stream(symbols):
    """Announced as they come, a row each: how a feed of many symbols begins."""
    return frames.frames(*(frames.flat_bars([float(i + 1)], symbol=f"S{i}") for i in range(symbols)))


@pytest.mark.parametrize("line", LINES)
def test_five_thousand_symbols_take_less_than_205_mib(line, many, run, command_env):
    command, _, form = line.partition(" < ")
    if form:
        assert run("hq-export csv < bars > csv", cwd=many).code == 0
    assert run(f"{command} < one", cwd=many).code == 0  # the first run compiles
    ran = subprocess.run(
        [sys.executable, "-S", "-c", PEAK, form or "bars", command],
        env=command_env,
        cwd=many,
        capture_output=True,
        text=True,
        check=True,
    )
    peak, code = map(int, ran.stdout.split())
    assert code == 0, ran.stderr
    assert peak < LIMIT


def test_every_row_of_every_symbol_comes_through(many, run):
    ran = run("hq-indicators sma:1 < bars | hq-export csv --columns sma_1", cwd=many)
    assert ran.text.splitlines()[1:] == [f"S{i},{i + 1}.0" for i in range(SYMBOLS)]


def test_announcing_and_writing_a_row_is_the_same_work_for_every_series(monkeypatch):
    """Counted, not timed: what a Writer looks at for each of n series does not grow with n."""
    looked = []
    monkeypatch.setattr(writer, "_rank", lambda series: looked.append(1) or series.rank)
    _stream(300)
    few = len(looked)
    looked.clear()
    _stream(600)
    assert len(looked) == 2 * few


def test_what_a_series_holds_back_grows_with_its_rows():
    out = Writer(1)
    schema, rows = frames.flat_bars([1.0] * 3000)
    series = out.series(schema)
    frames.put(out, series, rows[:1])
    assert series.memory.size < 1000
    for at in range(1, 3000, 100):
        frames.put(out, series, rows[at : at + 100])
    assert series.staged == 3000 <= series.held <= 4096


def test_rows_that_were_held_back_while_the_memory_grew_are_as_they_were():
    schema, rows = frames.flat_bars([float(i) for i in range(1000)])
    one_by_one = frames.frames(*_pieces(schema, rows))
    assert frames.read(one_by_one).rows == frames.read(frames.frames((schema, rows))).rows


def _pieces(schema, rows):
    return [(schema, rows[at : at + 1 + at % 3]) for at in _starts(len(rows))]


def _starts(n):
    at = 0
    while at < n:
        yield at
        at += 1 + at % 3


# -- what the Reader refuses, the Writer does not write -----------------------------------------------------
COLUMN = [("ts", "i8")]


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        (("bar", "S" * 257, "1m", COLUMN), "symbol 'SSS.*at most 256 characters"),
        (("bar", "\x1b[2J", "1m", COLUMN), r"symbol '\\x1b\[2J'.*none that does not print"),
        (("k" * 257, "", "", COLUMN), "kind 'kkk"),
        (("a\nb", "", "", COLUMN), "kind 'a"),
        (("", "X", "", COLUMN), "kind is empty"),
        (("bar", "X", "9" * 20 + "d", COLUMN), "period '9+d' is longer than 100 years"),
        (("bar", "X", "90000d", COLUMN), "period '90000d' is longer than 100 years"),
        (("bar", "X", "\u0661m", COLUMN), "period .* is not a count"),
        (("bar", "X", "often", COLUMN), "period .* is not a count"),
        (("bar", "X", "1m", [(f"c{i}", "f8") for i in range(MAX_COLUMNS + 1)]), "4097 columns, must be 1 to 4096"),
        (("bar", "X", "1m", []), "0 columns"),
        (("bar", "X", "1m", [("n" * 257, "f8")]), "column 'nnn"),
        (("bar", "X", "1m", [("", "f8")]), "column ''"),
    ],
)
def test_a_series_that_no_reader_takes_is_not_announced(schema, why):
    with pytest.raises(HqError, match=f"cannot be written: {why}") as refused:
        frames.frames((Schema(*schema), []))
    assert refused.value.code == DATA
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        ({"values": list(range(4097))}, "max_array_len"),
        ({"text": "x" * 65_537}, "max_str_len"),
        ({"n": 2**64}, "too large|too big|out of range"),
        ({"at": {1, 2}}, "serialize"),
        ({"text": "x" * 60_000, "more": ["x" * 60_000] * 20}, "may have at most 1048576"),
    ],
)
def test_a_map_that_no_reader_takes_is_not_written(frame, why):
    with pytest.raises(HqError, match=f"a frame of kind note cannot be written: .*({why})") as refused:
        frames.frames({"kind": "note", **frame})
    assert refused.value.code == DATA


def test_numbers_beyond_their_type_are_not_written():
    out = Writer(1)
    with pytest.raises(HqError, match="a mark of ts 9223372036854775808 cannot be written"):
        out.mark(2**63)
    with pytest.raises(HqError, match="rows dropped .late. cannot be written"):
        out.end({"late": 2**53})


def test_a_writer_that_refused_a_map_writes_the_next_one():
    def write(out):
        with pytest.raises(HqError):
            out.map({"kind": "note", "a": 1, "b": {2, 3}})
        out.map({"kind": "note", "a": 2})

    assert frames.read(frames.gathered(write)).maps == [{"kind": "note", "a": 2}]


def test_more_series_than_a_stream_may_have_are_refused_when_they_are_announced(monkeypatch):
    out = Writer(1)
    out.series(Schema("x", "", "", COLUMN))
    monkeypatch.setattr(out, "_ids", MAX_SERIES)
    with pytest.raises(HqError, match="series x/Y/ cannot be written: there are 65536 series already"):
        out.series(Schema("x", "Y", "", COLUMN))
    out = Writer(1)
    monkeypatch.setattr(out, "_names", COUNTS - 10)
    with pytest.raises(HqError, match="names of all 0 series are longer than the end of a stream may be"):
        out.series(Schema("x", "", "", COLUMN))


def test_a_symbol_that_is_too_long_is_one_line_for_the_user(run):
    ran = run("hq-gen bars --rows 2 --seed 1 --symbol " + "S" * 300)
    assert (ran.code, ran.stderr.count("\n")) == (DATA, 1)
    assert "at most 256 characters" in ran.stderr
    assert run("hq-gen bars --rows 2 --seed 1 --period 90000d").code in (2, DATA)
