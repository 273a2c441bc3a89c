""".npz written: one array a column, put down a piece at a time; numpy is asked for columns of several texts alone."""

from __future__ import annotations

import mmap
from array import array
from typing import TYPE_CHECKING, Any
from zlib import crc32

from hq_core.batch import width
from hq_core.errors import DATA, HqError
from hq_core.formats.behind import Behind
from hq_core.formats.spool import spooling, temporary, write_all
from hq_core.formats.stored_zip import StoredZip, joined
from hq_core.formats.tables import IN_NPZ, described, once, worded
from hq_core.options.export import ChoiceOptions
from hq_core.stream.tables import Table

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from hq_core.batch import Batch, Schema
    from hq_core.formats.spool import Unnamed

HELD = 8 << 20  # bytes that are gathered before they are put down
ALIGNED = 64  # a header and what is before it end at a multiple of so many bytes
NUMPYS = {"i8": "<i8", "f8": "<f8", "i4": "<i4", "s4": "<i4", "f4": "<f4", "i1": "|i1", "b1": "|b1"}


class NpzWriter:
    """One array a column, with hq's own description beside them; columns wait in a file without a name."""

    def __init__(self, out: Any) -> None:
        self._out = out
        self._tables: list[Table | None] = []  # of each column the texts, where it has some
        self._schema: Schema | None = None
        self._kinds: list[tuple[str, str]] = []  # (array's name, type), for series the codes of their symbols first
        self._file: Unnamed | None = None
        self._held: list[bytearray] = []  # what came of each column since the last block
        self._checks: list[int] = []  # the CRC-32 of each column so far
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
        once("npz", [*(name for name, _ in self._kinds), IN_NPZ])
        self._held = [bytearray() for _ in self._kinds]
        self._checks = [0] * len(self._kinds)
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
            held.extend(array("i", table.take([batch.schema.symbol], "symbol")) * batch.n)
        for (held, table), at in zip(columns_, columns):
            name = batch.schema.cols[at][0]
            held.extend(batch.view(name).cast("B") if table is None else _codes(batch, name, table))
        self._waiting += batch.n
        if sum(map(len, self._held)) >= HELD:
            self._put()

    def _put(self) -> None:
        assert self._file is not None
        file, held, checks = self._file, self._held, self._checks
        self._behind.do(lambda: _lay(file, held, checks))
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
        archive = StoredZip(self._out)
        said = described(self._schema)
        _array(archive, IN_NPZ, _header("|u1", (len(said),)), len(said), crc32(said), [said])
        for at, ((name, kind), table) in enumerate(zip(self._kinds, self._tables)):
            item, _, length = kind.partition("x")
            shape = (rows, int(length)) if length else (rows,)
            data = list(self._column(at, memoryview(lies))) if lies is not None else []
            if table is None:
                _array(archive, name, _header(NUMPYS[item], shape), rows * width(kind), self._checks[at], data)
            else:
                _texts(archive, name, table.words or [""], data, rows)
            if lies is not None:
                lies.madvise(mmap.MADV_DONTNEED)  # what was looked at does not pile up
        archive.end()


def _lay(file: Unnamed, columns: list[bytearray], checks: list[int]) -> None:
    for at, column in enumerate(columns):
        checks[at] = crc32(column, checks[at])
        write_all(file, memoryview(column))


def _codes(batch: Batch, name: str, table: Table) -> bytes:
    """A batch's codes of texts, as codes of the table."""
    import numpy as np

    from hq_core.formats.coded import coded

    found = coded(batch, name)
    known = len(table.words)
    ours = table.take(batch.texts.get(name, []), f"column '{name}'")
    if any(word.endswith("\0") for word in table.words[known:]):
        raise _lost(f"column '{name}' has a text that ends in U+0000, which an array does not keep")
    return np.array(ours, dtype="<i4")[found].tobytes()


def _lost(what: str) -> HqError:
    hint = "choose others with ", ChoiceOptions.columns, ", or write parquet"
    return HqError(what, DATA, subject="npz", hint=hint)


def _texts(archive: StoredZip, name: str, words: list[str], codes: list[memoryview], rows: int) -> None:
    """The array of texts, each as wide as the widest."""
    characters = max(1, *map(len, words))
    texts = [word.encode("utf-32-le").ljust(4 * characters, b"\0") for word in words]

    def data() -> Iterator[bytes]:
        if len(texts) == 1:
            yield from (texts[0] * (len(block) // 4) for block in codes)
        else:
            import numpy as np

            table = np.array(texts, dtype=f"V{4 * characters}")
            yield from (table[np.frombuffer(block, dtype="<i4")].tobytes() for block in codes)

    check = 0
    for block in data():
        check = crc32(block, check)
    _array(archive, name, _header(f"<U{characters}", (rows,)), rows * 4 * characters, check, data())


def _array(archive: StoredZip, name: str, head: bytes, size: int, check: int, data: Any) -> None:
    def parts() -> Iterator[memoryview | bytes]:
        yield head
        yield from data

    archive.add(f"{name}.npy", len(head) + size, joined(crc32(head), check, size), parts())


def _header(descr: str, shape: tuple[int, ...]) -> bytes:
    """What stands before an array: numpy.lib.format, version 1.0."""
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"
    text += " " * (-(len(text) + 11) % ALIGNED) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode("latin-1")
