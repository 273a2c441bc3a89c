"""Parquet and Arrow IPC, read and written by pyarrow a few thousand rows at a time."""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from hq_core.errors import DATA, HqError
from hq_core.formats import packed
from hq_core.formats.coded import coded, worded
from hq_core.formats.exact import DTYPES, NULL, ColumnSlice, Unfit
from hq_core.formats.inflate import LARGE
from hq_core.formats.packed import largest_blocks, largest_buffers
from hq_core.formats.spool import spooled
from hq_core.formats.tables import LONGEST, TableSource, described, once
from hq_core.formats.text import is_time
from hq_core.texts import MAX_TEXT
from hq_core.wire.frame import MAX_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from hq_core.batch import Batch, Schema
    from hq_core.formats.inflate import ByteStream

LOOKED_AT = 8192  # rows that tell how a file's columns are packed
GROUP = 65536  # rows of a Parquet row group ...
HELD = 32 << 20  # ... or so many bytes, where vectors are wide
ABOUT = b"hq"  # the metadata key of hq's own description
VALUES = {"i8": "int64", "f8": "float64", "i4": "int32", "s4": "int32", "i1": "int8", "b1": "bool_", "f4": "float32"}
UNITS = {"s": (10**9, 1), "ms": (10**6, 1), "us": (1000, 1), "ns": (1, 1)}
MAGIC = 8  # bytes before an Arrow file's first message
GOES_ON = b"\xff\xff\xff\xff"  # what each message of a stream begins with
NAMES = 65536  # entries of a list in a Parquet footer, bytes of a text in it
SHARED = 64  # rows that are read at once of texts that share their beginnings: far longer than a page
TEXTS = 64  # bytes a row that a text column is reckoned with


class _Mapped:
    """A spooled file as memory; what was looked at can be let go of again, so that it does not pile up."""

    def __init__(self, stream: ByteStream) -> None:
        with spooled(stream) as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.buffer = pa.py_buffer(self._map)

    def forget(self) -> None:
        self._map.madvise(mmap.MADV_DONTNEED)


class _ArrowTable(TableSource):
    """What Parquet and Arrow have in common: a schema, and batches of which only the wanted columns are read."""

    _schema: Any

    def open(self, stream: ByteStream) -> None:
        self._mapped = _Mapped(stream)
        self.size = self._mapped.buffer.size
        self._schema = self._opened()
        if len(self._schema) > MAX_COLUMNS:
            raise HqError(f"the {self.what} has {len(self._schema)} columns, at most {MAX_COLUMNS} are read", DATA)
        self.names = list(self._schema.names)

    def _opened(self) -> Any:
        """The schema."""
        raise NotImplementedError

    def _batches(self, wanted: Sequence[int], room: int) -> Iterator[Any]:
        """Record batches of the wanted columns, in their order."""
        raise NotImplementedError

    def about(self) -> bytes | None:
        return (self._schema.metadata or {}).get(ABOUT)

    def readable(self) -> list[int]:
        return [i for i, field in enumerate(self._schema) if _width(field.type) and self.names.count(field.name) == 1]

    def kind(self, at: int) -> str:
        return str(self._schema.field(at).type)[:60]

    def chunks(self, wanted: Sequence[int]) -> Iterator[list[ColumnSlice]]:
        for i in wanted:
            if not _width(self._schema.field(i).type):
                raise HqError(f"column '{self.names[i]}' is of {self.kind(i)}, which is not read", DATA)
        free = [self.names[i] in self.free for i in wanted]
        room = self.room(
            sum(MAX_TEXT if of_text else _width(self._schema.field(i).type) for i, of_text in zip(wanted, free))
        )
        before = 0
        batches = self._batches(wanted, room)
        if self.size >= LARGE:
            from hq_core.formats.ahead import made_ahead

            batches = made_ahead(batches)
        for batch in batches:
            for column in batch.columns:
                column.validate()  # the sizes of its buffers, before anything lies in them
            for start in range(0, batch.num_rows, room):
                part = batch.slice(start, room)
                found = []
                for column, of_text in zip(part.columns, free):
                    try:
                        column.validate(full=True)
                        found.append(_column(column, MAX_TEXT if of_text else LONGEST))
                    except Unfit as error:
                        found.append(ColumnSlice(np.zeros(len(column)), what=str(error), at=error.at))
                    except pa.ArrowInvalid as error:
                        rows = f"rows {before + start + 1} to {before + start + len(column)}"
                        told = " ".join(str(error).split())[:200]
                        found.append(ColumnSlice(np.zeros(len(column)), what=f"damaged values in {rows}: {told}"))
                yield found
                del part, found
                self._mapped.forget()
            before += batch.num_rows


class ParquetSource(_ArrowTable):
    """A Parquet file."""

    what = "Parquet file"

    def _opened(self) -> Any:
        packed.footer(self._mapped.buffer)
        schema = self._parquet().schema_arrow  # before we read the footer, pyarrow has found that it is one
        self._groups = packed.row_groups(self._mapped.buffer)
        return schema

    def _parquet(self, texts: Sequence[str] = (), coarse: bool = False) -> Any:
        from pyarrow import parquet

        return parquet.ParquetFile(
            self._mapped.buffer,
            pre_buffer=False,
            thrift_string_size_limit=16 << 20,
            thrift_container_size_limit=NAMES,
            read_dictionary=list(texts),
            page_checksum_verification=True,
            coerce_int96_timestamp_unit="us" if coarse else None,
        )

    def _batches(self, wanted: Sequence[int], room: int) -> Iterator[Any]:
        names = [self.names[i] for i in wanted]
        # texts come as a dictionary, in which a long one that is repeated lies once; pyarrow cannot do so with all
        delta = {column.path[0] for group in self._groups for column in group if {*column.encodings} & packed.DELTA}
        text = {self.names[i].encode() for i in wanted if _is_text(self._schema.field(i).type)}
        texts = [name.decode() for name in text - delta]
        paths = {name.encode() for name in names}
        file = self._parquet(texts)
        for number, group in enumerate(self._groups):
            pages = [column for column in group if {column.path[0], b".".join(column.path)} & paths]
            self.swollen(packed.unpacked(pages, self._mapped.buffer), f"row group {number + 1}")
            how = SHARED if text & delta else room, [number], names, False
            found = file.iter_batches(*how)
            if any(column.type == packed.INT96 for column in pages):
                found = _checked(found, self._parquet(texts, coarse=True).iter_batches(*how), names)
            for batch in found:
                yield batch.select(names)


class ArrowSource(_ArrowTable):
    """An Arrow file or stream.

    A file is read as the stream that it holds; its footer must tell of as many batches.  Where behind its magic no
    stream begins, which some writers leave out, it is read by its footer alone.
    """

    what = "Arrow data"

    def _opened(self) -> Any:
        data = self._mapped.buffer
        self._told = -1
        self._by_footer = False
        if data.slice(0, 6).to_pybytes() == b"ARROW1":
            file = pa.ipc.open_file(data)
            self._by_footer = data.slice(MAGIC, 4).to_pybytes() != GOES_ON
            if self._by_footer:
                self._data = data
                largest_blocks(data, self.swollen)
                return file.schema
            self._told = file.num_record_batches
            footer = int.from_bytes(data.slice(self.size - 10, 4).to_pybytes(), "little")
            data = data.slice(MAGIC, self.size - 10 - footer - MAGIC)
        self._data = data
        largest_buffers(data, self.swollen)
        return pa.ipc.open_stream(data).schema

    def _batches(self, wanted: Sequence[int], room: int) -> Iterator[Any]:
        options = pa.ipc.IpcReadOptions(included_fields=sorted(wanted), use_threads=False)
        order = [sorted(wanted).index(i) for i in wanted]
        if self._by_footer:
            file = pa.ipc.open_file(self._data, options=options)
            for i in range(file.num_record_batches):
                yield file.get_batch(i).select(order)
            return
        came = 0
        for batch in pa.ipc.open_stream(self._data, options=options):
            came += 1
            yield batch.select(order)
        if self._told not in (-1, came):
            raise HqError(f"the Arrow file is damaged: it has {came} record batches, its end counts {self._told}", DATA)


def _checked(found: Iterator[Any], coarse: Iterator[Any], names: Sequence[str]) -> Iterator[Any]:
    """Batches whose 96-bit instants are those of the file: beyond the range of int64 pyarrow gives others."""
    for fine, check in zip(found, coarse):
        for name in names:
            ns, us = fine.column(name), check.column(name)
            if ns.type != us.type and (_integers(ns, pa.int64()) // 1000 != _integers(us, pa.int64())).any():
                raise HqError(f"column '{name}' has times outside the years 1678 to 2261", DATA)
        yield fine


def _width(kind: Any) -> int:
    """Bytes that a value is reckoned with; 0 for types that hq does not read."""
    is_ = pa.types
    if is_.is_dictionary(kind):
        return TEXTS if _is_text(kind.value_type) else 0
    if is_.is_fixed_size_list(kind):
        item = kind.value_type
        plain = is_.is_integer(item) or is_.is_floating(item) or is_.is_boolean(item)
        return max(int(kind.list_size), 0) * _width(item) if plain else 0
    if _is_text(kind):
        return TEXTS
    if is_.is_decimal(kind) or is_.is_null(kind):
        return TEXTS
    if is_.is_boolean(kind):
        return 1
    if is_.is_integer(kind) or is_.is_floating(kind) or is_.is_timestamp(kind) or is_.is_date(kind):
        return int(kind.bit_width) // 8
    return 0


def _is_text(kind: Any) -> bool:
    is_ = pa.types
    return bool(is_.is_string(kind) or is_.is_large_string(kind) or getattr(is_, "is_string_view", is_.is_string)(kind))


def _column(values: Any, longest: int = LONGEST) -> ColumnSlice:
    """A validated array as NumPy has it; `longest`: bytes of a text."""
    kind, is_ = values.type, pa.types
    missing = np.asarray(values.is_null()) if values.null_count else None
    if is_.is_null(kind):
        return ColumnSlice(np.zeros(len(values)), what=NULL)
    if is_.is_timestamp(kind):
        return ColumnSlice(_integers(values, pa.int64()), missing, UNITS[kind.unit], zoned=kind.tz is not None)
    if is_.is_date(kind):
        days = is_.is_date32(kind)
        counts = _integers(values, pa.int32() if days else pa.int64())
        return ColumnSlice(counts.astype(np.int64), missing, (86_400 * 10**9, 1) if days else UNITS["ms"])
    if is_.is_dictionary(kind):
        words = _texts(values.dictionary, longest)
        at = values.indices.fill_null(0).to_numpy(zero_copy_only=False)
        if not len(words):  # all are null
            return ColumnSlice(np.full(len(values), "", dtype=object), missing)
        return ColumnSlice(None, missing, coded=(words, at))
    if is_.is_string(kind) or is_.is_large_string(kind):
        _short(values, longest)
        return _column(values.dictionary_encode(), longest)
    if _is_text(kind):
        return ColumnSlice(_texts(values, longest), missing)
    if is_.is_decimal(kind):
        return ColumnSlice(_objects(values.to_pylist()), missing)
    if is_.is_fixed_size_list(kind):
        if missing is not None:
            raise Unfit(int(np.argmax(missing)), "vectors, of which one is missing")
        flat = _column(values.flatten())
        if flat.missing is not None and flat.values.dtype.kind != "f":
            raise Unfit(int(np.argmax(flat.missing)) // kind.list_size, "vectors, of which one has a gap")
        return ColumnSlice(flat.values.reshape(len(values), kind.list_size))
    if missing is not None:
        values = values.fill_null(float("nan") if is_.is_floating(kind) else False if is_.is_boolean(kind) else 0)
    return ColumnSlice(values.to_numpy(zero_copy_only=False), missing)


def _integers(values: Any, kind: Any) -> Any:
    """What lies in an array, as it lies there."""
    found = values.view(kind)
    return (found.fill_null(0) if found.null_count else found).to_numpy(zero_copy_only=False)


def _objects(values: list[Any]) -> Any:
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found


def _texts(values: Any, longest: int) -> Any:
    """An array of texts as Python's; one that is far too long is refused before it is copied."""
    if not _is_text(values.type):
        raise Unfit(0, str(values.type))
    _short(values, longest)
    return _objects(values.to_pylist())


def _short(values: Any, longest: int) -> None:
    too_long = np.flatnonzero(_lengths(values) > longest)
    if len(too_long):
        raise Unfit(int(too_long[0]), f"texts of more than {longest} bytes")


def _lengths(values: Any) -> Any:
    """Bytes of each text."""
    start, n = values.offset, len(values)
    if n == 0:
        return np.zeros(0, dtype=np.int64)
    at = values.buffers()[1]
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        wide = "<i4" if pa.types.is_string(values.type) else "<i8"
        return np.diff(np.frombuffer(at, dtype=wide)[start : start + n + 1])
    return np.frombuffer(at, dtype="<i4")[4 * start : 4 * (start + n) : 4]


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
        if _is_text(field.type) or 2 * len(some.unique()) < len(some):
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
