"""Row groups that are packed apart make the bytes that pyarrow writes with one writer."""

from __future__ import annotations

import io
import random

import pyarrow as pa
import pytest
from pyarrow import parquet

from hq_core.errors import HqError
from hq_core.formats import aside, parquet_footer
from hq_core.formats.aside import Aside
from hq_core.formats.parquet_footer import Footer
from hq_core.formats.parquet_packer import ParquetPacker, _how

SCHEMA = pa.schema(
    [
        pa.field("ts", pa.timestamp("ns", tz="UTC"), nullable=False),
        pa.field("price", pa.float64(), nullable=False),
        pa.field("side", pa.int8(), nullable=False),
        pa.field("who", pa.string(), nullable=False),
        pa.field("flag", pa.bool_(), nullable=False),
        pa.field("vector", pa.list_(pa.float32(), 3), nullable=False),
    ],
    metadata={b"hq": b"{}", b"more": bytes(range(1, 200))},
)


def batches(rows: list[int], seed: int = 1) -> list[pa.RecordBatch]:
    chosen = random.Random(seed)
    made = []
    for n in rows:
        columns = [
            pa.array([chosen.randrange(1 << 60) for _ in range(n)], SCHEMA.field("ts").type),
            pa.array([chosen.random() for _ in range(n)], pa.float64()),
            pa.array([chosen.choice((-1, 1)) for _ in range(n)], pa.int8()),
            pa.array([chosen.choice(("a", "bb", "ü")) for _ in range(n)], pa.string()),
            pa.array([chosen.random() < 0.5 for _ in range(n)], pa.bool_()),
            pa.array([[1.0, 2.0, chosen.random()] for _ in range(n)], SCHEMA.field("vector").type),
        ]
        made.append(pa.record_batch(columns, schema=SCHEMA))
    return made


def packed(given: list[pa.RecordBatch]) -> bytes:
    out = io.BytesIO()
    packer = ParquetPacker(out, SCHEMA, ["ts"])
    for batch in given:
        packer.give(batch)
    packer.end()
    return out.getvalue()


def by_one_writer(given: list[pa.RecordBatch]) -> bytes:
    out = io.BytesIO()
    with parquet.ParquetWriter(out, SCHEMA, max_rows_per_page=1 << 18, **_how(given[0], ["ts"])) as writer:
        for batch in given:
            writer.write_batch(batch, row_group_size=batch.num_rows)
    return out.getvalue()


@pytest.mark.parametrize("beside", [True, False])
@pytest.mark.parametrize("rows", [[1], [1000, 7], [10] * 14, [10] * 15, [10] * 16, [3] * 200, [40_000, 1, 40_000]])
def test_bytes_are_those_of_one_writer(rows, beside, monkeypatch):
    monkeypatch.setattr(aside, "two_processors", lambda: beside)
    given = batches(rows)
    found = packed(given)
    assert found == by_one_writer(given)
    assert parquet.read_table(io.BytesIO(found)).equals(pa.Table.from_batches(given))


def test_a_file_of_no_rows():
    found = parquet.ParquetFile(io.BytesIO(packed([])))
    assert (found.metadata.num_rows, found.metadata.num_row_groups) == (0, 0)
    assert (found.schema_arrow.names, found.schema_arrow.metadata[b"hq"]) == (SCHEMA.names, b"{}")


def test_too_many_row_groups_are_refused(monkeypatch):
    monkeypatch.setattr(parquet_footer, "MOST", 3)
    with pytest.raises(HqError, match="at most 3 row groups"):
        packed(batches([1] * 4))


def test_a_kind_of_value_that_no_footer_has():
    with pytest.raises(AssertionError, match="kind 13"):
        Footer().add(b"\x1d\x00", 0)


@pytest.mark.parametrize("beside", [True, False])
def test_an_error_is_raised_by_whoever_asks(beside, monkeypatch):
    monkeypatch.setattr(aside, "two_processors", lambda: beside)

    def fail() -> int:
        raise MemoryError("no room")

    assert Aside(lambda: 7).result() == 7
    failed = Aside(fail)
    with pytest.raises(MemoryError, match="no room"):
        failed.result()
