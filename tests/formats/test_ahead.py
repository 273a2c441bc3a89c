"""Pieces that a thread makes ahead: the same, in order, what went wrong in its place, and no thread left behind."""

from __future__ import annotations

import threading

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from hq_core.errors import HqError
from hq_core.formats import arrow
from hq_core.formats.ahead import made_ahead


class Made(Exception):
    """What a maker raises."""


def pieces(n: int, fails: bool):
    yield from range(n)
    if fails:
        raise Made


@given(st.integers(0, 20), st.booleans())
def test_pieces_and_failures_come_in_their_order(n, fails):
    found = []
    before = threading.active_count()
    try:
        for piece in made_ahead(pieces(n, fails)):
            found.append(piece)
        assert not fails
    except Made:
        assert fails
    assert found == list(range(n))
    assert threading.active_count() == before


@given(st.integers(0, 9))
def test_who_stops_early_leaves_no_thread(taken):
    before = threading.active_count()
    items = made_ahead(iter(range(1000)))
    assert [next(items) for _ in range(taken)] == list(range(taken))
    items.close()
    assert threading.active_count() == before


@pytest.fixture
def ahead(monkeypatch):
    monkeypatch.setattr(arrow, "LARGE", 1)
    monkeypatch.setattr("hq_core.formats.ahead.two_processors", lambda: True)


def test_files_of_columns_are_read_the_same_with_a_thread(run, tmp_path, ahead):
    from test_formats import read

    for format_ in ("parquet", "arrow"):
        assert run(f"hq-gen bars --rows 70000 --seed 3 | hq-export {format_} -o x && hq-import < x > y").code == 0
        assert read((tmp_path / "x").read_bytes()) == read((tmp_path / "y").read_bytes())


def test_a_damaged_page_is_told_with_its_row(tmp_path, ahead):
    from test_formats import read

    n = 60_000
    table = pa.table({"ts": np.arange(n) * 10**9, "price": np.random.default_rng(1).random(n), "qty": np.ones(n)})
    path = tmp_path / "x"
    parquet.write_table(table, path, row_group_size=20_000, use_dictionary=False, write_page_checksum=True)
    data = bytearray(path.read_bytes())
    at = parquet.ParquetFile(path).metadata.row_group(2).column(1).data_page_offset
    data[at + 2000] ^= 1
    with pytest.raises(HqError, match="is damaged after row 40000"):
        read(bytes(data), kind="trade", time_unit="ns")
