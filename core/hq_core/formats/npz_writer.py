""".npz written: one array a column, put down a piece at a time."""

from __future__ import annotations

import mmap
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np

from hq_core.batch import width
from hq_core.errors import DATA, HqError
from hq_core.formats.arrays import ABOUT
from hq_core.formats.behind import Behind
from hq_core.formats.coded import coded
from hq_core.formats.exact import DTYPES
from hq_core.formats.spool import spooling, temporary, write_all
from hq_core.formats.tables import described, once, worded
from hq_core.options.export import ChoiceOptions
from hq_core.stream.tables import Table

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from hq_core.batch import Batch, Schema
    from hq_core.formats.spool import Unnamed

HELD = 8 << 20  # bytes that are gathered before they are put down


class NpzWriter:
    """One array a column, with hq's own description beside them; columns wait in a file without a name."""

    def __init__(self, out: Any) -> None:
        self._out = out
        self._tables: list[Table | None] = []  # of each column the texts, where it has some
        self._schema: Schema | None = None
        self._kinds: list[tuple[str, str]] = []  # (array's name, type), for series the codes of their symbols first
        self._file: Unnamed | None = None
        self._held: list[bytearray] = []  # what came of each column since the last block
        self._blocks: list[int] = []  # rows of each block; in it one column lies after the other
        self._waiting = 0
        self._behind = Behind()

    def begin(self, schema: Schema, columns: Sequence[int]) -> None:
        cols = [schema.cols[at] for at in columns]
        self._schema = type(schema)(schema.of, schema.symbol, schema.period, cols, schema.extra)
        for name, kind in cols:
            if kind == "text":
                raise _lost(f"column '{name}' holds free text, of which an array has none")
        self._kinds = [("symbol", "s4"), *cols] if schema.symbol else cols
        once("npz", [*(name for name, _ in self._kinds), ABOUT])
        self._held = [bytearray() for _ in self._kinds]
        self._file = temporary()

    def _open(self, texts: Collection[str]) -> None:
        """Which columns hold texts, now that it is known which codes stand for some."""
        assert self._schema is not None
        said = worded(self._schema, texts) | ({"symbol"} if self._schema.symbol else set())
        self._tables = [Table() if name in said else None for name, _ in self._kinds]

    def rows(self, batch: Batch, columns: Sequence[int]) -> None:
        if not self._tables:
            self._open(batch.texts)
        columns_ = zip(self._held, self._tables)
        if batch.schema.symbol:
            held, table = next(columns_)
            assert table is not None
            (code,) = table.take([batch.schema.symbol], "symbol")
            held.extend(np.full(batch.n, code, dtype="<i4").tobytes())
        for (held, table), at in zip(columns_, columns):
            name = batch.schema.cols[at][0]
            if table is None:
                held.extend(batch.view(name).cast("B"))
            else:
                found = coded(batch, name)
                known = len(table.words)
                ours = table.take(batch.texts.get(name, []), f"column '{name}'")
                if any(word.endswith("\0") for word in table.words[known:]):
                    raise _lost(f"column '{name}' has a text that ends in U+0000, which an array does not keep")
                held.extend(np.array(ours, dtype="<i4")[found].tobytes())
        self._waiting += batch.n
        if sum(map(len, self._held)) >= HELD:
            self._put()

    def _put(self) -> None:
        assert self._file is not None
        file, held = self._file, self._held
        self._behind.do(lambda: _lay(file, held))
        self._held = [bytearray() for _ in self._kinds]
        self._blocks.append(self._waiting)
        self._waiting = 0

    def _column(self, at: int, lies: memoryview) -> Iterator[memoryview]:
        """The bytes of a column, block by block."""
        widths = [width(kind) for _, kind in self._kinds]
        before, wide = sum(widths[:at]), widths[at]
        start = 0
        for n in self._blocks:
            yield lies[start + n * before :][: n * wide]
            start += n * sum(widths)

    def end(self) -> None:
        if self._schema is None:
            return
        if not self._tables:
            self._open(())
        self._put()
        self._behind.wait()
        rows = sum(self._blocks)
        assert self._file is not None
        with spooling():
            lies = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ) if rows else None
        with zipfile.ZipFile(self._out, "w", zipfile.ZIP_STORED) as archive:
            said = np.frombuffer(described(self._schema), dtype=np.uint8)
            with archive.open(f"{ABOUT}.npy", "w") as to:
                np.lib.format.write_array(to, said, allow_pickle=False)
            for at, (name, kind) in enumerate(self._kinds):
                item, _, length = kind.partition("x")
                dtype = np.dtype("?" if kind == "b1" else DTYPES[item])
                table = self._tables[at]
                texts = np.array(table.words or [""]) if table is not None else None
                with archive.open(f"{name}.npy", "w", force_zip64=True) as to:
                    shape = (rows, int(length)) if length else (rows,)
                    _header(to, dtype if texts is None else texts.dtype, shape)
                    for data in self._column(at, memoryview(lies)) if lies is not None else ():
                        to.write(data if texts is None else texts[np.frombuffer(data, dtype="<i4")].tobytes())
                if lies is not None:
                    lies.madvise(mmap.MADV_DONTNEED)  # what was looked at does not pile up


def _lay(file: Unnamed, columns: list[bytearray]) -> None:
    for column in columns:
        write_all(file, memoryview(column))


def _lost(what: str) -> HqError:
    hint = "choose others with ", ChoiceOptions.columns, ", or write parquet"
    return HqError(what, DATA, subject="npz", hint=hint)


def _header(to: Any, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
    np.lib.format.write_array_header_1_0(
        to, {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    )
