"""Codes are words in Parquet and Arrow files, as in csv and JSON, and the same numbers when they are read back."""

from __future__ import annotations

import io

import pyarrow as pa
import pytest
from frames import frames, read
from inputs import exported
from pyarrow import parquet
from test_import_order import imported

from hq_core.batch import Schema
from hq_core.errors import HqError
from hq_core.formats.arrow_writer import GROUPS
from hq_core.kinds import extra_of

COLS = [("ts", "i8"), ("side", "i1"), ("action", "i1"), ("quantity", "f8"), ("other", "i1")]
CODES = [1, -1, 1, 7, -128, 127]  # three of no word
FORMATS = ["parquet", "arrow"]


def orders(extra: dict | None = None) -> bytes:
    schema = Schema("order", "X", "1m", COLS, extra_of("order") if extra is None else extra)
    rows = [(10**18 + 1000 * at, code, at % 5, 1.0, code) for at, code in enumerate(CODES)]
    return frames((schema, rows))


def columns(data: bytes, format_: str) -> dict[str, list]:
    table = parquet.read_table(io.BytesIO(data)) if format_ == "parquet" else pa.ipc.open_file(data).read_all()
    return table.to_pydict()


@pytest.mark.parametrize("format_", FORMATS)
def test_codes_are_words_and_the_same_bits_again(format_):
    data = exported(orders(), format_)
    found = columns(data, format_)
    assert found["side"] == ["long", "short", "long", "7", "-128", "127"]
    assert found["action"] == ["open", "close", "target", "cancel", "replace", "open"]
    assert found["other"] == CODES
    assert read(imported(data)).rows == read(orders()).rows


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("said", [{"1": "long", "-1": "long"}, {"1": "7"}, {}])
def test_words_that_could_be_two_numbers_are_not_written(format_, said):
    data = exported(orders({"codes": {"side": said}}), format_)
    assert columns(data, format_)["side"] == CODES
    assert read(imported(data)).rows == read(orders()).rows


@pytest.mark.parametrize("format_", FORMATS)
def test_numbers_without_a_word_may_come_late(format_, monkeypatch):
    monkeypatch.setitem(GROUPS, format_, 2)
    schema = Schema("order", "X", "1m", COLS, extra_of("order"))
    parts = [(schema, [(10**18, code, 0, 1.0, 0), (10**18, 1, 0, 1.0, 0)]) for code in CODES]
    data = exported(frames(*parts), format_)
    assert columns(data, format_)["side"][::2] == ["long", "short", "long", "7", "-128", "127"]
    assert read(imported(data)).rows == read(frames(*parts)).rows


def with_sides(sides: pa.Array) -> bytes:
    """The file of orders with this column of sides."""
    table = parquet.read_table(io.BytesIO(exported(orders(), "parquet")))
    out = io.BytesIO()
    parquet.write_table(table.set_column(table.column_names.index("side"), "side", sides), out)
    return out.getvalue()


def test_a_word_that_is_none_is_refused_where_it_stands():
    with pytest.raises(HqError, match="row 3: column 'side': 'up' is no word of it"):
        imported(with_sides(pa.array(["long", "short", "up", "long", "long", "up"])))


def test_files_that_hold_the_numbers_are_read_as_before():
    assert read(imported(with_sides(pa.array(CODES, pa.int8())))).rows == read(orders()).rows


def test_no_least_and_greatest_of_floats_is_told():
    """They leave NaN out, and who sorts it above all numbers would pass over rows that are wanted."""
    file = parquet.ParquetFile(io.BytesIO(exported(orders(), "parquet")))
    group = file.metadata.row_group(0)
    told = {group.column(at).path_in_schema: group.column(at).statistics for at in range(group.num_columns)}
    assert told["quantity"] is None
    assert told["ts"].has_min_max
