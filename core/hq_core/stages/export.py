"""Frames out to other formats: which series, which columns, and the writer of the format."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.errors import DATA, USAGE, HqError
from hq_core.order import ordered
from hq_core.wire.frame import write_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Protocol

    from hq_core.batch import Batch, Schema

    class Format(Protocol):
        """A writer of one format."""

        def begin(self, schema: Schema, columns: Sequence[int]) -> None: ...
        def rows(self, batch: Batch, columns: Sequence[int]) -> None: ...
        def end(self) -> None: ...


FORMATS = ("csv", "tsv", "jsonl", "json", "npz", "parquet", "arrow", "table")
BINARY = ("npz", "parquet", "arrow")
MIXED = ("jsonl", "json", "table")      # formats whose rows say themselves what they are
HOLD = 1 << 16                          # characters that text output gathers before it writes


class Descriptor:
    """Text and bytes to a file descriptor, gathered; `flush` when the input pauses.  Also a binary file for others."""

    closed = False

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._texts: list[str] = []
        self._size = 0
        self._written = 0

    def text(self, text: str) -> None:
        self._texts.append(text)
        self._size += len(text)
        if self._size >= HOLD:
            self.flush()

    def flush(self) -> None:
        if self._texts:
            data = "".join(self._texts).encode()
            self._texts.clear()
            self._size = 0
            self.write(data)

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        write_all(self.fd, view)
        self._written += len(view)
        return len(view)

    def tell(self) -> int:
        return self._written

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        """The descriptor is its owner's to close."""


def writer(format_: str, out: Descriptor, time: str, limit: int = 0) -> Format:
    """The writer of a format on an output."""
    if format_ in ("csv", "tsv", "jsonl", "json", "table"):
        from hq_core.formats import text

        if format_ == "table":
            return text.Aligned(out.text, limit)
        if format_ in ("jsonl", "json"):
            return text.Json(out.text, format_ == "jsonl", time)
        return text.Delimited(out.text, "," if format_ == "csv" else "\t", time)
    if format_ == "npz":
        from hq_core.formats.arrays import NpzWriter

        return NpzWriter(out)
    from hq_core.formats.arrow import ArrowWriter

    return ArrowWriter(out, format_)


class Export:
    """Writes the rows of the chosen series of a stream in another format.

    kind symbol period  only series that have them; '' for any
    columns             only these, in this order; () for all
    skipped             frames that the format has no place for, by kind
    """

    def __init__(
        self, format_: str, fd: int, kind: str = "", symbol: str = "", period: str = "", columns: Sequence[str] = (),
        time: str = "iso", limit: int = 0,
    ) -> None:
        if format_ in BINARY and time not in ("iso", "ns"):
            raise HqError(f"--time {time}: {format_} keeps times in ns", USAGE)
        self.format = format_
        self.skipped: dict[str, int] = {}
        self._wanted = (kind, symbol, period)
        self._names = tuple(columns)
        self._out = Descriptor(fd)
        self._writer = writer(format_, self._out, time, limit)
        self._mixed = format_ in MIXED
        self._begun: Schema | None = None
        self._announced: Schema | None = None       # the first series that fits: its header stands even without rows
        self._checked: set[Schema] = set()
        self._columns: dict[Schema, list[int]] = {}
        self._seen: dict[str, None] = {}

    def run(self, source: Iterable[tuple[str, Any]]) -> None:
        """All of the source; what was read is written whenever the source pauses."""
        try:
            for kind, item in ordered(source):
                if kind == "rows":
                    self._rows(item)
                elif kind == "schema":
                    self._seen[item.key] = None
                    if self._announced is None and self._fits(item):
                        self._announced = item
                elif kind == "idle":
                    self._out.flush()
                elif kind == "map":
                    self._other(item)
        except HqError:
            self._out.flush()           # what was good before an error has been written
            raise
        if self._seen and not any(self._fits_key(key) for key in self._seen):
            names = ("kind", "symbol", "period")
            wanted = " ".join(f"--{name} {text}" for name, text in zip(names, self._wanted) if text)
            raise HqError(f"no series with {wanted}; the input has {', '.join(self._seen)}", DATA)
        if self._begun is None and self._announced is not None:
            self._begin(self._announced)
        self._writer.end()
        self._out.flush()

    def _fits(self, schema: Schema) -> bool:
        told = (schema.of, schema.symbol, schema.period)
        return all(not want or want == has for want, has in zip(self._wanted, told))

    def _fits_key(self, key: str) -> bool:
        has = key.split("/", 1)[0], key.split("/", 1)[1].rsplit("/", 1)[0], key.rsplit("/", 1)[1]
        return all(not want or want == one for want, one in zip(self._wanted, has))

    def _begin(self, schema: Schema) -> None:
        """The header, or a check that this series fits under the one that is there."""
        first = self._begun
        if first is None:
            self._begun = schema
            self._writer.begin(schema, self._of(schema))
        if first is None or self._mixed:
            return
        alike = (schema.of, schema.period, bool(schema.symbol)) == (first.of, first.period, bool(first.symbol))
        if not alike:
            fitting = ", ".join(key for key in self._seen if self._fits_key(key))
            what = f"{self.format} holds one kind and period, these were chosen: {fitting}"
            raise HqError(f"{what}; pass --period or --kind", USAGE)
        if [schema.cols[at] for at in self._of(schema)] != [first.cols[at] for at in self._of(first)]:
            raise HqError(f"{schema.key} has other columns than {first.key}; choose with --columns or --symbol", DATA)

    def _of(self, schema: Schema) -> list[int]:
        """Which columns of a series are written."""
        found = self._columns.get(schema)
        if found is None:
            found = [schema.index(name) for name in self._names] if self._names else list(range(len(schema.cols)))
            self._columns[schema] = found
        return found

    def _rows(self, batch: Batch) -> None:
        schema = batch.schema
        if not self._fits(schema):
            return
        if schema is not self._begun and schema not in self._checked:
            self._begin(schema)
            self._checked.add(schema)
        self._writer.rows(batch, self._of(schema))

    def _other(self, frame: dict[str, Any]) -> None:
        kind = str(frame.get("kind"))
        told = (kind, str(frame.get("symbol", "")), str(frame.get("period", "")))
        if any(want and want != has for want, has in zip(self._wanted, told)):
            return
        put = getattr(self._writer, "other", None)
        if put is None:
            self.skipped[kind] = self.skipped.get(kind, 0) + 1
        elif kind != "section":
            put(frame)
