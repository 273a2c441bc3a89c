"""Row groups of a Parquet file, packed side by side: each as a file of its own, which are then joined."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from hq_core.formats.arrow_types import is_text
from hq_core.formats.aside import Aside
from hq_core.formats.lean import pa
from hq_core.formats.parquet_footer import MAGIC, Footer

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

ROW_GROUP = 1 << 17  # rows
LOOKED_AT = 8192  # rows that tell how a file's columns are packed
AT_ONCE = 2  # row groups that are packed while the next one is gathered
DELTA, SPLIT = "DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT"


class ParquetPacker:
    """A Parquet file to `out`, a row group a batch; the bytes are the same with any number of processors.

    counts  the columns of whole numbers
    """

    def __init__(self, out: Any, schema: Any, counts: Sequence[str]) -> None:
        self._out = out
        self._schema = schema
        self._counts = counts
        self._how: dict[str, Any] = {}
        self._footer = Footer()
        self._packed: list[Aside[Any]] = []
        self._at = 0

    def give(self, batch: Any) -> None:
        self._how = self._how or _how(batch, self._counts)
        self._packed.append(Aside(partial(_file, batch, self._how)))
        if len(self._packed) > AT_ONCE:
            self._put(self._packed.pop(0).result())

    def end(self) -> None:
        if not self._packed and not self._at:
            empty = pa.record_batch([pa.array([], field.type) for field in self._schema], schema=self._schema)
            self._put(_file(empty, _how(empty, self._counts)))
        for one in self._packed:
            self._put(one.result())
        self._out.write(self._footer.made())

    def _put(self, file: Any) -> None:
        """The row groups of a file, behind those that are there."""
        data = memoryview(file)
        foot = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
        if not self._at:
            self._out.write(MAGIC)
            self._at = len(MAGIC)
        self._footer.add(bytes(data[foot:-8]), self._at - len(MAGIC))
        self._out.write(data[len(MAGIC) : foot])
        self._at += foot - len(MAGIC)


def _file(batch: Any, how: dict[str, Any]) -> Any:
    """The bytes of a file of one row group, of none where there are no rows."""
    from pyarrow import parquet

    sink = pa.BufferOutputStream()
    try:  # pages of a whole row group: each costs its packer's start
        writer = parquet.ParquetWriter(sink, batch.schema, max_rows_per_page=2 * ROW_GROUP, **how)
    except TypeError:  # older ones cut pages by their bytes alone
        writer = parquet.ParquetWriter(sink, batch.schema, **how)
    if batch.num_rows:
        writer.write_batch(batch, row_group_size=batch.num_rows)
    writer.close()
    return sink.getvalue()


def _how(first: Any, counts: Sequence[str]) -> dict[str, Any]:
    """How columns are packed, as their first rows tell."""
    repeat = _repeating(first, counts)
    packed = dict.fromkeys(counts, DELTA)
    packed |= dict.fromkeys((name for name in _split(first) if name not in repeat), SPLIT)
    return {
        "compression": "zstd",
        "write_page_checksum": True,
        "use_dictionary": repeat,
        # least and greatest leave NaN out, and who sorts it above all numbers skips groups that have some
        "write_statistics": [f.name for f in first.schema if not pa.types.is_floating(f.type)],
        "column_encoding": packed,
    }


def _sample(values: Any) -> Any:
    """The bytes of the first rows of a column of numbers that has no offset."""
    n = min(len(values), LOOKED_AT)
    return values.buffers()[1].slice(0, n * values.type.bit_width // 8)


def _repeating(batch: Any, beside: Collection[str]) -> list[str]:
    """The columns that a dictionary makes smaller: texts, and numbers that come again and again.

    beside  those that are packed in another way
    """
    found = []
    for field, values in zip(batch.schema, batch.columns):
        if field.name in beside or pa.types.is_boolean(field.type) or pa.types.is_fixed_size_list(field.type):
            continue
        if is_text(field.type):
            found.append(field.name)
            continue
        if not len(values):
            continue
        code: Any = {8: "b", 32: "i", 64: "q"}[field.type.bit_width]  # the bits: NaNs repeat too
        some = memoryview(_sample(values)).cast("B").cast(code).tolist()
        if 2 * len(set(some)) < len(some):
            found.append(field.name)
    return found


def _split(batch: Any) -> list[str]:
    """The columns of floats that are packed to less where each of their eight bytes lies with its kind."""
    codec = pa.Codec("zstd")
    found = []
    for field, values in zip(batch.schema, batch.columns):
        if not pa.types.is_float64(field.type) or not len(values):
            continue
        some = _sample(values).to_pybytes()
        parted = b"".join(some[at::8] for at in range(8))
        if len(codec.compress(parted, asbytes=True)) < len(codec.compress(some, asbytes=True)):
            found.append(field.name)
    return found
