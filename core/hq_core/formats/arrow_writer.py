"""Parquet and Arrow IPC, written by pyarrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hq_core.formats.arrow import ABOUT, is_text
from hq_core.formats.coded import coded, worded
from hq_core.formats.exact import DTYPES
from hq_core.formats.lean import pa
from hq_core.formats.tables import described, once
from hq_core.formats.text import is_time

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from hq_core.batch import Batch, Schema

LOOKED_AT = 8192  # rows that tell how a file's columns are packed
GROUP = 65536  # rows of a Parquet row group ...
HELD = 32 << 20  # ... or so many bytes, where vectors are wide
VALUES = {"i8": "int64", "f8": "float64", "i4": "int32", "s4": "int32", "i1": "int8", "b1": "bool_", "f4": "float32"}


class ArrowWriter:
    """A Parquet or an Arrow file of one kind and period; times are timestamps in UTC, codes of texts are texts."""

    def __init__(self, out: Any, format_: str) -> None:
        self._out = out
        self._format = format_
        self._writer: Any = None
        self._schema: Any = None
        self._cols: list[tuple[str, str]] = []
        self._waiting: list[Any] = []
        self._rows = self._bytes = 0
        self._series: Schema | None = None
        self._worded: frozenset[str] = frozenset()  # columns of codes that are written as their texts

    def begin(self, schema: Schema, columns: Sequence[int]) -> None:
        self._cols = [schema.cols[at] for at in columns]
        once(self._format, ["symbol"] * bool(schema.symbol) + [name for name, _ in self._cols])
        self._series = type(schema)(schema.of, schema.symbol, schema.period, self._cols, schema.extra)

    def _open(self, texts: Collection[str]) -> None:
        """The head of the file, now that it is known which codes stand for texts."""
        assert self._series is not None
        self._worded = worded(self._series, texts)
        fields = [pa.field("symbol", pa.string())] if self._series.symbol else []
        fields += [
            pa.field(name, _arrow_type(name, "text" if name in self._worded else kind)) for name, kind in self._cols
        ]
        self._schema = pa.schema(fields, metadata={ABOUT: described(self._series)})

    def rows(self, batch: Batch, columns: Sequence[int]) -> None:
        if self._schema is None:
            self._open(batch.texts)
        made = [pa.array([batch.schema.symbol] * batch.n, pa.string())] if batch.schema.symbol else []
        for at in columns:
            name = batch.schema.cols[at][0]
            if name in self._worded:
                made.append(pa.array(batch.texts.get(name, []), pa.string()).take(pa.array(coded(batch, name))))
            else:
                made.append(_arrow_array(batch, at))
        self._waiting.append(pa.record_batch(made, schema=self._schema))
        self._rows += batch.n
        self._bytes += batch.size
        if self._rows >= GROUP or self._bytes >= HELD:
            self._put()

    def _put(self) -> None:
        if self._waiting:
            table = pa.Table.from_batches(self._waiting, schema=self._schema).combine_chunks()
            self._waiting, self._rows, self._bytes = [], 0, 0
            writer = self._made(table)
            if self._format == "parquet":
                writer.write_table(table, row_group_size=GROUP)
            else:
                writer.write_table(table)

    def _made(self, first: Any) -> Any:
        """The writer of the file; what is packed how is told by its first rows."""
        if self._writer is None and self._format == "parquet":
            from pyarrow import parquet

            counts = [name for name, kind in self._cols if kind == "i8"]
            self._writer = parquet.ParquetWriter(
                self._out,
                self._schema,
                compression="zstd",
                write_page_checksum=True,
                use_dictionary=_repeated(first, counts),
                column_encoding=dict.fromkeys(counts, "DELTA_BINARY_PACKED"),
            )
        elif self._writer is None:
            self._writer = pa.ipc.new_file(self._out, self._schema)
        return self._writer

    def end(self) -> None:
        if self._series is None:
            return
        if self._schema is None:
            self._open(())
        self._put()
        self._made(self._schema.empty_table()).close()


def _repeated(table: Any, beside: Collection[str]) -> list[str]:
    """The columns that a dictionary makes smaller: texts, and numbers that come again and again.

    beside  those that are packed in another way
    """
    found = []
    for field in table.schema:
        some = table.column(field.name).slice(0, LOOKED_AT).combine_chunks()
        if field.name in beside or pa.types.is_boolean(field.type) or pa.types.is_fixed_size_list(field.type):
            continue
        if is_text(field.type) or 2 * len(some.unique()) < len(some):
            found.append(field.name)
    return found


def _arrow_type(name: str, kind: str) -> Any:
    if is_time(name, kind):
        return pa.timestamp("ns", tz="UTC")
    if kind == "text":
        return pa.string()
    item, _, length = kind.partition("x")
    made = getattr(pa, VALUES[item])()
    return pa.list_(made, int(length)) if length else made


def _arrow_array(batch: Batch, at: int) -> Any:
    name, kind = batch.schema.cols[at]
    if kind == "text":
        return pa.array(batch.words(name), pa.string())
    item, _, length = kind.partition("x")
    values = np.frombuffer(batch.view(name), dtype=DTYPES[item]).copy()  # the batch's memory is used again
    found = pa.array(values != 0 if item == "b1" else values)
    if length:
        return pa.FixedSizeListArray.from_arrays(found, int(length))
    return found.cast(pa.timestamp("ns", tz="UTC")) if is_time(name, kind) else found
