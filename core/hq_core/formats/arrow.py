"""Parquet and Arrow IPC, read and written by pyarrow a few thousand rows at a time."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pyarrow as pa

from hq_core.errors import DATA, HqError
from hq_core.formats.rows import ROOM
from hq_core.formats.spool import spooled
from hq_core.formats.tables import DTYPES, Column, TableSource, described
from hq_core.formats.text import is_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hq_core.batch import Batch, Schema
    from hq_core.formats.inflate import ByteStream
    from hq_core.formats.options import Options
    from hq_core.formats.tables import Chunk

GROUP = 65536               # rows of a Parquet row group
ABOUT = b"hq"               # the metadata key of hq's own description
VALUES = {"i8": "int64", "f8": "float64", "i4": "int32", "s4": "int32", "i1": "int8", "b1": "bool_", "f4": "float32"}


class ArrowSource(TableSource):
    """A Parquet file, an Arrow file or an Arrow stream."""

    def __init__(self, stream: ByteStream, options: Options | None = None) -> None:
        super().__init__(options)
        magic = stream.peek(6)[:6]
        file = spooled(stream)
        try:
            if magic[:4] == b"PAR1":
                from pyarrow import parquet

                opened = parquet.ParquetFile(file)
                self._schema = opened.schema_arrow
                self._batches = opened.iter_batches(batch_size=ROOM, use_threads=False)
            elif magic == b"ARROW1":
                reader = pa.ipc.open_file(file)
                self._schema = reader.schema
                self._batches = (reader.get_batch(i) for i in range(reader.num_record_batches))
            else:
                streamed = pa.ipc.open_stream(file)
                self._schema = streamed.schema
                self._batches = iter(streamed)
        except (pa.ArrowException, OSError) as error:
            raise HqError(f"the file cannot be read: {' '.join(str(error).split())}", DATA) from None

    def about(self) -> dict[str, Any] | None:
        said = (self._schema.metadata or {}).get(ABOUT)
        return orjson.loads(said) if said else None

    def chunks(self) -> Iterator[Chunk]:
        try:
            for batch in self._batches:
                for start in range(0, batch.num_rows, ROOM):
                    part = batch.slice(start, ROOM)
                    yield {field.name: _column(field, part.column(i)) for i, field in enumerate(self._schema)}
        except (pa.ArrowException, OSError) as error:
            raise HqError(f"the file is damaged: {' '.join(str(error).split())}", DATA) from None


def _column(field: Any, values: Any) -> Column:
    kind = values.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        zone = getattr(kind, "tz", None)
        if values.null_count:
            raise HqError(f"column '{field.name}': {values.null_count} times are null", DATA)
        ns = values.cast(pa.timestamp("ns", tz=zone)).cast(pa.int64())
        return Column(ns.to_numpy(zero_copy_only=False), zoned=zone is not None)
    if pa.types.is_dictionary(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return Column(np.array(values.to_pylist(), dtype=object))
    if pa.types.is_fixed_size_list(kind):
        return Column(values.flatten().to_numpy(zero_copy_only=False).reshape(len(values), kind.list_size))
    if pa.types.is_decimal(kind):
        values = values.cast(pa.float64())
    if values.null_count:
        if not (pa.types.is_floating(kind) or pa.types.is_decimal(kind) or pa.types.is_integer(kind)):
            raise HqError(f"column '{field.name}': {values.null_count} values are null", DATA)
        values = values.cast(pa.float64()).fill_null(float("nan"))
    return Column(values.to_numpy(zero_copy_only=False))


class ArrowWriter:
    """A Parquet or an Arrow file of one kind and period; times are timestamps in UTC, symbols a dictionary."""

    def __init__(self, out: Any, format_: str) -> None:
        self._out = out
        self._format = format_
        self._writer: Any = None
        self._schema: Any = None
        self._cols: list[tuple[str, str]] = []
        self._waiting: list[Any] = []
        self._rows = 0
        self._symbols = False

    def begin(self, schema: Schema, columns: Sequence[int]) -> None:
        self._cols = [schema.cols[at] for at in columns]
        self._symbols = bool(schema.symbol)
        fields = [pa.field("symbol", pa.string())] if self._symbols else []
        fields += [pa.field(name, _arrow_type(name, kind)) for name, kind in self._cols]
        about = type(schema)(schema.of, schema.symbol, schema.period, self._cols, schema.extra)
        self._schema = pa.schema(fields, metadata={ABOUT: described(about)})
        if self._format == "parquet":
            from pyarrow import parquet

            self._writer = parquet.ParquetWriter(self._out, self._schema, compression="zstd")
        else:
            self._writer = pa.ipc.new_file(self._out, self._schema)

    def rows(self, batch: Batch, columns: Sequence[int]) -> None:
        made = [pa.array([batch.schema.symbol] * batch.n, pa.string())] if self._symbols else []
        made += [_arrow_array(batch, at) for at in columns]
        self._waiting.append(pa.record_batch(made, schema=self._schema))
        self._rows += batch.n
        if self._rows >= GROUP:
            self._put()

    def _put(self) -> None:
        if self._waiting:
            table = pa.Table.from_batches(self._waiting, schema=self._schema).combine_chunks()
            self._waiting, self._rows = [], 0
            if self._format == "parquet":
                self._writer.write_table(table, row_group_size=GROUP)
            else:
                self._writer.write_table(table)

    def end(self) -> None:
        if self._writer is not None:
            self._put()
            self._writer.close()


def _arrow_type(name: str, kind: str) -> Any:
    if is_time(name, kind):
        return pa.timestamp("ns", tz="UTC")
    item, _, length = kind.partition("x")
    made = getattr(pa, VALUES[item])()
    return pa.list_(made, int(length)) if length else made


def _arrow_array(batch: Batch, at: int) -> Any:
    name, kind = batch.schema.cols[at]
    item, _, length = kind.partition("x")
    values = np.frombuffer(batch.view(name), dtype=DTYPES[item]).copy()     # the batch's memory is used again
    if kind == "b1":
        return pa.array(values != 0)
    if length:
        return pa.FixedSizeListArray.from_arrays(pa.array(values), int(length))
    found = pa.array(values)
    return found.cast(pa.timestamp("ns", tz="UTC")) if is_time(name, kind) else found
