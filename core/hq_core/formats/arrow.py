"""Parquet and Arrow IPC, read by pyarrow some thousand rows at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.errors import DATA, HqError
from hq_core.formats import packed
from hq_core.formats.arrow_plain import plain
from hq_core.formats.arrow_types import is_text, width
from hq_core.formats.byte_stream import LARGE
from hq_core.formats.lean import pa
from hq_core.formats.mapped import Mapped
from hq_core.formats.packed import largest_blocks, largest_buffers
from hq_core.formats.tables import LONGEST, TableSource, cut
from hq_core.texts import MAX_TEXT
from hq_core.wire.frame import MAX_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hq_core.formats.byte_stream import ByteStream
    from hq_core.formats.tables import Column

ABOUT = b"hq"  # the metadata key of hq's own description
MAGIC = 8  # bytes before an Arrow file's first message
GOES_ON = b"\xff\xff\xff\xff"  # what each message of a stream begins with
NAMES = 65536  # entries of a list in a Parquet footer, bytes of a text in it
SHARED = 64  # rows that are read at once of texts that share their beginnings: far longer than a page


class _ArrowTable(TableSource):
    """What Parquet and Arrow have in common: a schema, and batches of which only the wanted columns are read."""

    _schema: Any

    def open(self, stream: ByteStream) -> None:
        self._mapped = Mapped(stream)
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
        return [i for i, field in enumerate(self._schema) if width(field.type) and self.names.count(field.name) == 1]

    def numeric(self, at: int) -> bool:
        kind, is_ = self._schema.field(at).type, pa.types
        kind = kind.value_type if is_.is_dictionary(kind) else kind
        return any(found(kind) for found in (is_.is_integer, is_.is_floating, is_.is_boolean, is_.is_decimal))

    def kind(self, at: int) -> str:
        return str(self._schema.field(at).type)[:60]

    def chunks(self, wanted: Sequence[int]) -> Iterator[list[Column]]:
        for i in wanted:
            if not width(self._schema.field(i).type):
                raise HqError(f"column '{self.names[i]}' is of {self.kind(i)}, which is not read", DATA)
        free = [self.names[i] in self.free for i in wanted]
        row = sum(MAX_TEXT if of_text else width(self._schema.field(i).type) for i, of_text in zip(wanted, free))
        room = self.room(row)
        kinds = [self.own.get(i, "") for i in wanted]
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
                found: list[Column] = []
                for column, kind, of_text in zip(part.columns, kinds, free):
                    made: Column | None = plain(column, kind) if kind else None
                    if made is None:
                        from hq_core.formats.arrow_columns import column_slice

                        made = column_slice(column, MAX_TEXT if of_text else LONGEST, before + start)
                    found.append(made)
                yield found
                self._mapped.forget(row * part.num_rows)
                del part, found
            before += batch.num_rows
        self._mapped.whole()


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
        text = {self.names[i].encode() for i in wanted if is_text(self._schema.field(i).type)}
        texts = [name.decode() for name in text - delta]
        paths = {name.encode() for name in names}
        file = self._parquet(texts)
        for number, group in enumerate(self._groups):
            pages = [column for column in group if {column.path[0], b".".join(column.path)} & paths]
            self.swollen(packed.unpacked(pages, self._mapped.buffer), f"row group {number + 1}")
            how = SHARED if text & delta else room, [number], names, False
            found = file.iter_batches(*how)
            if any(column.type == packed.INT96 for column in pages):
                from hq_core.formats.arrow_columns import checked

                found = checked(found, self._parquet(texts, coarse=True).iter_batches(*how), names)
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
        if self.size < MAGIC:
            raise cut("Arrow stream")
        if data.slice(0, 6).to_pybytes() == b"ARROW1":
            if self.size < 2 * MAGIC or data.slice(self.size - 6).to_pybytes() != b"ARROW1":
                raise cut("Arrow file")
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
