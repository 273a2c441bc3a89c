"""Text of the writing kernel against Python's own: repr() of floats, and the columns that Python writes one by one."""

from __future__ import annotations

import json
import os
import random
import struct
from array import array
from decimal import Decimal

import frames
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hq_core.batch import Batch, Schema
from hq_core.errors import HqError
from hq_core.formats import row_text, text
from hq_core.formats.row_kernel import REAL
from hq_core.formats.shortest import few_decimals, powers_of_ten, shortest
from hq_core.say import iso_text

CASES = 5_000_000 if os.environ.get("HQ_TRIALS") == "full" else 100_000
INT64 = st.integers(-(2**63), 2**63 - 1)


class Written:
    def __init__(self) -> None:
        self.data = b""

    def text(self, said: str) -> None:
        self.data += said.encode()

    def block(self, data: memoryview, before: str) -> None:
        self.data += before.encode() + bytes(data)


def column(kind: str, values: array, name: str = "x") -> Batch:
    return Batch(Schema("bar", "", "1m", [(name, kind)]), len(values), [values.buffer_info()[0]], values)


def csv(batch: Batch, time: str = "iso") -> list[str]:
    out = Written()
    text.Delimited(out, ",", time).rows(batch, range(len(batch.schema.cols)))
    return out.data.decode().split("\n")[:-1]


def reals(values: list[float]) -> None:
    """The kernel writes each as repr() does."""
    found = csv(column("f8", array("d", values)))
    for value, said in zip(values, found, strict=True):
        assert said == ("" if value != value else repr(value)), value.hex()


def test_floats_of_every_exponent():
    values = [0.0, -0.0, float("inf"), float("-inf"), float("nan")]
    for exponent in range(2047):
        for fraction in (0, 1, 2, (1 << 51) - 1, 1 << 51, (1 << 52) - 1):
            values.append(struct.unpack("<d", struct.pack("<Q", exponent << 52 | fraction))[0])
    values += [float(f"{digit}e{e}") for e in range(-324, 309) for digit in (1, 5, 9) if digit == 1 or e < 308]
    values += [2.0**53 + 2 * i for i in range(-3, 4)] + [1e15, 1e16, 1e17, 9999999999999998.0, 0.0001, 0.00009999]
    reals(values + [-value for value in values])


def test_random_floats():
    draw = random.Random(11)
    for _ in range(0, CASES, 50_000):
        reals([struct.unpack("<d", draw.randbytes(8))[0] for _ in range(25_000)])
        reals([round(draw.random() * 10 ** draw.randrange(-4, 9), draw.randrange(10)) for _ in range(25_000)])


@given(st.floats(min_value=0.0, allow_infinity=False))
def test_digits_in_plain_python_are_the_shortest(value):
    """The form that is read along: whole numbers there have no end, so the products are cut as a machine has them."""
    digits, exponent = few_decimals(value), -8
    if digits < 0:
        digits, exponent = shortest(value, powers_of_ten())
    assert Decimal(digits).scaleb(exponent) == Decimal(repr(value))


@given(st.lists(INT64, min_size=1))
def test_whole_numbers_and_instants(values):
    column_of = array("q", values)
    assert csv(column("i8", column_of)) == list(map(str, values))
    assert csv(column("i8", column_of, "ts")) == list(map(iso_text, values))
    assert csv(column("i8", column_of, "ts"), "ns") == list(map(str, values))
    seconds = array("q", [value // 10**9 * 10**9 for value in values if value > -(2**63) + 10**9])
    if seconds:
        assert csv(column("i8", seconds, "open_time"), "s") == [str(value // 10**9) for value in seconds]


def test_an_instant_that_is_no_whole_number_of_its_unit_is_refused():
    values = array("q", [10**9, 2 * 10**9, 2 * 10**9 + 1])
    out = Written()
    with pytest.raises(HqError, match=r"column 'ts': 1970-01-01T00:00:02.000000001Z is no whole number of s"):
        text.Delimited(out, ",", "s").rows(column("i8", values, "ts"), [0])
    assert out.data == b"1\n2\n"


COLS = (
    ("ts", "i8"),
    ("open_time", "i8"),
    ("f", "f8"),
    ("id", "i8"),
    ("i", "i4"),
    ("side", "i1"),
    ("b", "b1"),
    ("w", "s4"),
    ("u", "s4"),
)
WORDS = ["plain", "", 'a "b", c', "two\nlines", "Ä€😀", "100 %s"]
EXTRA = {"codes": {"side": {"1": "buy", "-1": "sell"}, "i": {"7": "seven", "9": "nine"}}}
rows = st.lists(
    st.tuples(
        st.integers(-(2**62), 2**62).map(lambda ns: ns // 1000 * 1000),
        st.integers(0, 2**62).map(lambda s: s % 2**32 * 10**9),
        st.floats(),
        INT64,
        st.integers(-(2**31), 2**31 - 1) | st.integers(6, 10),
        st.integers(-2, 2),
        st.integers(0, 1),
        st.integers(0, len(WORDS) - 1),
        st.integers(0, 9),
    ),
    min_size=1,
    max_size=20,
)


def batches(rows, symbol: str, each: int):
    told = {"kind": "strings", "of": f"bar/{symbol}/1m", "col": "w", "values": WORDS}
    data = frames.frames(told, (Schema("bar", symbol, "1m", COLS, EXTRA), rows), each=each)
    return [item.copied() for kind, item in frames.items(data) if kind == "rows"]


@given(rows, st.sampled_from(["", "BTC", 'a,"b"', "%s"]), st.integers(0, 3), st.sampled_from(["iso", "ns", "us"]))
def test_rows_are_those_that_python_writes(rows, symbol, each, time):
    for batch in batches(rows, symbol, each):
        columns = list(range(len(COLS)))
        head = [text.quoted(symbol, ",")] if symbol else []
        want = [text.csv_column(batch, at, time, ",") for at in columns]
        assert text.fitting({}, batch, columns, text.Delimited(Written(), ",", time)._row_text) is not None
        assert "\n".join(csv(batch, time)) == "\n".join(",".join([*head, *row]) for row in zip(*want))
        want = [text.json_column(batch, at, time) for at in columns]
        for lines in (True, False):
            out = Written()
            form = text.Json(out, lines, time)
            form.rows(batch, columns)
            form.rows(batch, columns)
            form.end()
            found = [json.loads(line) for line in out.data.splitlines()] if lines else json.loads(out.data)
            assert len(found) == 2 * batch.n
            for row, values in zip(found, list(zip(*want)) * 2):
                assert row["kind"] == "bar"
                assert row.get("symbol", "") == symbol
                assert list(row)[-len(columns) :] == [text.heading(batch.schema, at, time) for at in columns]
                assert list(row.values())[-len(columns) :] == [json.loads(value) for value in values]
            joined = ",\n" if not lines else "\n"
            assert joined.encode() in out.data


def test_a_code_without_a_text_is_refused_behind_the_rows_that_have_one():
    good = [(1, 1, 1.0, 1, 1, 1, 1, 0, 0)]
    (batch,) = batches([*good, (2, 2, 1.0, 1, 1, 1, 1, 6, 0)], "X", 0)
    out = Written()
    with pytest.raises(HqError, match="column 'w' has code 6, of which the stream gives no text"):
        text.Delimited(out, ",", "ns").rows(batch, range(len(COLS)))
    assert out.data.count(b"\n") == 1


def test_a_table_that_grows_is_taken_up_and_what_does_not_fit_the_kernel_is_left_to_python():
    key = "bar/X/1m"
    told = [{"kind": "strings", "of": key, "col": "w", "values": [word]} for word in ("one", "two")]
    schema = Schema("bar", "X", "1m", [("ts", "i8"), ("w", "s4"), ("v", "f8x2")])
    data = frames.frames(told[0], (schema, [(1, 0, [1.0, 2.0])]), told[1], (schema, [(2, 1, [1.5, 2.5])]))
    out = Written()
    plain, vectors = text.Delimited(out, ",", "ns"), text.Delimited(out, ",", "ns")
    for kind, item in frames.items(data):
        if kind == "rows":
            plain.rows(item, [0, 1])
            vectors.rows(item, [0, 1, 2])
    assert out.data.decode().split("\n") == ["X,1,one", "X,1,one,1.0 2.0", "X,2,two", "X,2,two,1.5 2.5", ""]
    assert text.ColumnText(0, ("f", "f8"), b"").op == REAL


@pytest.mark.parametrize("block", [1, 1 << 18])
def test_words_of_every_length_wherever_a_block_ends(block, monkeypatch):
    """Words are copied eight bytes at a time; what that leaves behind one is written over or not handed out."""
    monkeypatch.setattr(row_text, "BLOCK", block)
    monkeypatch.setattr(row_text, "_room", [bytearray()])
    words = ["w" * n + str(n % 10) for n in range(40)] + [""]
    batch = column("s4", array("i", [i * i % len(words) for i in range(2000)]))
    batch.texts = {"x": words}
    assert csv(batch) == [words[i * i % len(words)] for i in range(2000)]
