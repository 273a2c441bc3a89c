"""Columns that somebody has added to a file of columns that hq wrote come in as well, or are told."""

from __future__ import annotations

import io

import frames
import numpy as np
import pyarrow as pa
import pytest
from inputs import descriptor, exported
from pyarrow import parquet

from hq_core.batch import Batch, Schema
from hq_core.errors import DATA, HqError
from hq_core.flow import open_input

N = 5
ADDED = {  # as NumPy and Arrow have it, the type of hq, its values there
    "f8": (np.arange(N) * 1.5, "f8", [0.0, 1.5, 3.0, 4.5, 6.0]),
    "f4": (np.arange(N, dtype="f4") / 2, "f8", [0.0, 0.5, 1.0, 1.5, 2.0]),
    "i8": (np.arange(N) - 2, "i8", [-2, -1, 0, 1, 2]),
    "i4": (np.arange(N, dtype="i4"), "i4", [0, 1, 2, 3, 4]),
    "u2": (np.arange(N, dtype="u2") + 65_000, "i4", [65_000 + i for i in range(N)]),
    "i1": (np.arange(N, dtype="i1") - 1, "i1", [-1, 0, 1, 2, 3]),
    "bool": (np.arange(N) % 2 == 0, "b1", [1, 0, 1, 0, 1]),
    "time": (np.arange(N).astype("M8[s]"), "i8", [i * 10**9 for i in range(N)]),
}
TOLD = {"texts": np.array(list("abcde")), "vectors": np.zeros((N, 2))}


def written(format_: str, added: dict[str, object], symbols: tuple[str, ...] = ("A",)) -> bytes:
    """A file as hq-export writes it, with columns added to it by others."""
    pieces = [frames.flat_bars([1.0 + i for i in range(N)], symbol=symbol) for symbol in symbols]
    data = exported(frames.frames(*pieces), format_)
    to = io.BytesIO()
    if format_ == "npz":
        np.savez(to, **np.load(io.BytesIO(data)), **added)
        return to.getvalue()
    table = parquet.read_table(io.BytesIO(data)) if format_ == "parquet" else pa.ipc.open_file(data).read_all()
    for name, values in added.items():
        made = pa.array(list(map(list, values)), pa.list_(pa.float64(), 2)) if values.ndim > 1 else pa.array(values)
        table = table.append_column(name, made)
    if format_ == "parquet":
        parquet.write_table(table, to)
    else:
        with pa.ipc.new_file(to, table.schema) as file:
            file.write_table(table)
    return to.getvalue()


def given(data: bytes) -> tuple[dict[str, dict[str, list[object]]], dict[str, str], list[str]]:
    source = open_input(descriptor(data))
    rows: dict[str, dict[str, list[object]]] = {}
    types: dict[str, str] = {}
    for item in source:
        if isinstance(item, Schema):
            types = dict(item.cols)
        elif isinstance(item, Batch):
            held = rows.setdefault(item.schema.symbol, {name: [] for name in item.schema.names})
            for name in item.schema.names:
                held[name] += frames.values(item, name)
    return rows, types, source.remarks()


@pytest.mark.parametrize("format_", ["npz", "parquet", "arrow"])
@pytest.mark.parametrize("what", ADDED)
def test_a_column_that_was_added_comes_in_with_its_type(format_: str, what: str) -> None:
    values, kind, wanted = ADDED[what]
    before, types, _ = given(written(format_, {}))
    rows, now, remarks = given(written(format_, {"more": values}))
    assert (now, remarks) == ({**types, "more": kind}, [])
    assert rows == {"A": {**before["A"], "more": wanted}}


@pytest.mark.parametrize("format_", ["npz", "parquet", "arrow"])
@pytest.mark.parametrize("what", TOLD)
def test_one_that_hq_cannot_read_is_told(format_: str, what: str) -> None:
    rows, _, remarks = given(written(format_, {"more": TOLD[what]}))
    assert ("more" in rows["A"], remarks) == (False, ["column not read: more"])


@pytest.mark.parametrize("format_", ["npz", "parquet", "arrow"])
def test_it_goes_to_the_rows_that_it_stands_beside(format_: str) -> None:
    rows, _, _ = given(written(format_, {"more": np.arange(2 * N)}, ("A", "B")))
    assert [rows[symbol]["more"] for symbol in "AB"] == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]


@pytest.mark.parametrize("format_", ["npz", "parquet"])
def test_one_that_hq_knows_has_the_type_that_it_must_have(format_: str) -> None:
    """`trades` of float64, as pandas makes of whole numbers."""
    rows, types, _ = given(written(format_, {"trades": np.arange(N) * 1.0}))
    assert (types["trades"], rows["A"]["trades"]) == ("i8", [0, 1, 2, 3, 4])
    with pytest.raises(HqError, match="row 2: column 'trades': 0.5 is not a whole number") as caught:
        given(written(format_, {"trades": np.arange(N) / 2}))
    assert caught.value.code == DATA


def test_an_array_of_another_length_is_told() -> None:
    rows, _, remarks = given(written("npz", {"more": np.arange(N - 1)}))
    assert ("more" in rows["A"], remarks) == (False, ["column not read: more"])


def test_a_second_column_of_a_name_is_refused() -> None:
    with pytest.raises(HqError, match="column 'close' is there twice"):
        given(written("parquet", {"close": np.arange(N)}))
