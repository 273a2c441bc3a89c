""".npy and .npz: a structured array, or one array a column; read and written a piece at a time, never unpickled."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np

from hq_core.batch import width
from hq_core.errors import DATA, HqError
from hq_core.formats.coded import coded
from hq_core.formats.exact import DTYPES, UNITS, ColumnSlice
from hq_core.formats.inflate import READ
from hq_core.formats.spool import spooled, temporary, write_all
from hq_core.formats.tables import DESCRIBED, TableSource, described, once, worded
from hq_core.options.export import ChoiceOptions
from hq_core.stream.tables import Table
from hq_core.wire.frame import MAX_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from hq_core.batch import Batch, Schema
    from hq_core.formats.exact import Array
    from hq_core.formats.inflate import ByteStream
    from hq_core.formats.spool import Unnamed

ABOUT = "hq.schema"  # the array that holds hq's own description, as bytes of JSON
EVENTS = ("ev", "exch_ts", "local_ts")
HEADER = 1 << 18  # bytes of an array's header; 4096 fields take less than half
HELD = 8 << 20  # bytes that are gathered before they are put down
DIRECTORY = 16 << 20  # bytes of a zip's directory
OBJECTS = "Python objects, which are not read: unpickling would run code"
# what a header is made of: of these alone it can be nothing but a literal
TOKEN = re.compile(r"""\s+|[{}()\[\],:]|True|False|None|\d{1,19}L?|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*\"""")
DEEPEST = 12


class _Piecewise:
    """An array in a file, read some rows at a time.

    rows   (n,) or (n, wide): how many;  row: bytes of one
    what   why its values are not read, '' if they are
    """

    def __init__(self, file: Any, name: str, size: int) -> None:
        """`size` is that of the file, header and all: it must hold just this array."""
        self.file = file
        self.name = name
        start, (shape, self.columnwise, self.dtype) = _array_header(file, name)
        self.what = OBJECTS if self.dtype.hasobject else ""
        if len(shape) not in (1, 2) or (len(shape) == 2 and self.columnwise):
            self.what = self.what or f"shape {shape}; one-dimensional columns are read"
        self.rows = shape[0] if shape else 1
        self.wide = shape[1] if len(shape) == 2 else 0
        self.row = self.dtype.itemsize * (self.wide if len(shape) == 2 else 1)
        if self.rows and not self.row:
            self.what = "values of no bytes"
        count = 1
        for length in shape:
            count *= length
        if not self.dtype.hasobject and start + count * self.dtype.itemsize != size:
            told = f"shape {shape} of {self.dtype.itemsize} bytes each, but {size - start} bytes follow the header"
            raise HqError(f"{name}: says {told}", DATA)

    def read(self, n: int) -> Array:
        """The next n rows."""
        size = n * self.row
        data = bytearray(size)
        view, at = memoryview(data), 0
        while at < size:
            more = self.file.read(min(size - at, READ))
            if not more:
                raise HqError(f"{self.name}: stops after {at} of {size} bytes: it was cut", DATA)
            view[at : at + len(more)] = more
            at += len(more)
        found = np.frombuffer(data, dtype=self.dtype) if self.row else np.zeros(n, dtype=self.dtype)
        return found.reshape(n, self.wide) if self.wide else found


def _array_header(file: Any, name: str) -> tuple[int, tuple[tuple[int, ...], bool, np.dtype[Any]]]:
    """How long an array's header is, and (shape, by columns, dtype)."""
    magic = file.read(8)
    if magic[:6] != b"\x93NUMPY" or magic[6:] not in (b"\1\0", b"\2\0", b"\3\0"):
        raise HqError(f"{name}: is no .npy array that hq reads: it begins with {magic.hex(' ')}", DATA)
    wide = 2 if magic[6] == 1 else 4
    length = file.read(wide)
    size = int.from_bytes(length, "little")
    text = file.read(size) if size <= HEADER else b""
    if len(text) != size:
        raise HqError(f"{name}: is no .npy array that hq reads: its header of {size} bytes is cut, or too long", DATA)
    said = text.decode("utf-8" if magic[6] == 3 else "latin1")
    depth = deepest = 0
    for mark in re.findall(r"[({\[]|[)}\]]", said):
        depth += 1 if mark in "({[" else -1
        deepest = max(deepest, depth)
    if deepest > DEEPEST or TOKEN.sub("", said):
        raise HqError(f"{name}: is no .npy array that hq reads: its header is no plain description", DATA)
    reader = np.lib.format.read_array_header_1_0 if magic[6] == 1 else np.lib.format.read_array_header_2_0
    if magic[6] == 3:  # the same but for its letters, which only the private reader knows
        text = said.encode("latin1", "backslashreplace")
        length = len(text).to_bytes(4, "little")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that Python 2 wrote it: several lines on stderr
            return 8 + wide + size, reader(io.BytesIO(length + text), max_header_size=HEADER)
    except Exception as error:  # noqa: BLE001  numpy's parsers fail on damaged descriptions in many ways
        told = " ".join(str(error).split())[:200]
        raise HqError(f"{name}: is no .npy array that hq reads: {told}", DATA) from None


def _column(values: Array) -> ColumnSlice:
    if values.dtype.kind == "M" and values.ndim == 1:
        unit, count = np.datetime_data(values.dtype)
        gone = np.isnat(values)
        values = values.astype(values.dtype.newbyteorder("="))
        if unit in ("Y", "M"):
            counts = values.view(np.int64)
            if (abs(np.where(gone, 0, counts)) * count > 100_000).any():
                return ColumnSlice(values, what="dates far outside the years 1678 to 2261")
            values, unit, count = values.astype("datetime64[D]"), "D", 1
        if unit not in UNITS:
            return ColumnSlice(values, what="times without a unit")
        ns, parts = UNITS[unit]
        return ColumnSlice(values.view(np.int64), gone, (ns * count, parts), zoned=False)
    if values.ndim > 2:
        return ColumnSlice(values, what=f"blocks of shape {values.shape[1:]}")
    if values.dtype.kind in "mMV":
        return ColumnSlice(values, what=str(values.dtype)[:60])
    return ColumnSlice(values)


class NpySource(TableSource):
    """One structured array."""

    what = ".npy"

    def open(self, stream: ByteStream) -> None:
        self._file = spooled(stream)
        self.size = self._file.seek(0, 2)
        self._array = self._opened()
        self.names = list(_fields(self._array))
        if not self.names:
            raise HqError("the .npy array has no named fields; an .npz of one array a column has", DATA)

    def _opened(self) -> _Piecewise:
        self._file.seek(0)
        return _Piecewise(self._file, "the .npy input", self.size)

    def about(self) -> bytes | None:
        return None

    def readable(self) -> list[int]:
        return list(range(len(self.names)))

    def kind(self, at: int) -> str:
        return "nothing"

    def chunks(self, wanted: Sequence[int]) -> Iterator[list[ColumnSlice]]:
        return _structured(self._opened(), [self.names[i] for i in wanted], self)


def _fields(array: _Piecewise) -> tuple[str, ...]:
    """The names of a structured array."""
    names = array.dtype.names or ()
    if names and array.what:
        raise HqError(f"{array.name}: is of {array.what}", DATA)
    if all(name in names for name in EVENTS):
        raise HqError("this is an array of hftbacktest's events, which hq does not read yet", DATA)
    return names


def _structured(array: _Piecewise, names: Sequence[str], source: TableSource) -> Iterator[list[ColumnSlice]]:
    left, room = array.rows, source.room(array.row)
    while left:
        rows = array.read(min(left, room))
        left -= len(rows)
        yield [_column(rows[name]) for name in names]


class _Zipped:
    """A file for zipfile, which reads a directory in one go however long it says that it is."""

    def __init__(self, file: Unnamed) -> None:
        self._file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, n: int = -1) -> bytes:
        if n > DIRECTORY:
            raise HqError(f"the .npz is damaged: its directory has {n} bytes", DATA)
        return self._file.read(n)


class NpzSource(TableSource):
    """One array a column, or a single structured array."""

    what = ".npz"

    def open(self, stream: ByteStream) -> None:
        file = spooled(stream)
        self.size = file.seek(0, 2)
        self._zip = zipfile.ZipFile(_Zipped(file))
        self._said: bytes | None = None
        self._members: list[zipfile.ZipInfo] = []
        self._arrays: list[_Piecewise] = []
        self._inside: tuple[str, ...] = ()  # the fields, where the only array is a structured one
        for member in self._zip.infolist():
            if not member.filename.endswith(".npy"):
                continue
            name = member.filename.removesuffix(".npy")
            if name in self.names or (name == ABOUT and self._said is not None):
                raise HqError(f"the .npz has '{member.filename}' twice", DATA)
            array = self._piecewise(member)
            if name == ABOUT:
                if array.rows * array.row > DESCRIBED or array.what or array.row != 1:
                    raise HqError(f"the .npz: '{member.filename}' is no description of up to {DESCRIBED} bytes", DATA)
                self._said = array.read(array.rows).tobytes()
                continue
            if len(self.names) == MAX_COLUMNS:
                raise HqError(f"the .npz has more than {MAX_COLUMNS} arrays", DATA)
            self.names.append(name)
            self._members.append(member)
            self._arrays.append(array)
            array.file.close()
        if self._said is None and len(self._arrays) == 1 and (inside := _fields(self._arrays[0])):
            self._inside = inside
            self.names = list(inside)

    def _piecewise(self, member: zipfile.ZipInfo) -> _Piecewise:
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            how = f"is packed by method {member.compress_type}; stored and deflated are read"
            raise HqError(f"{member.filename}: {how}", DATA)
        if member.compress_type == zipfile.ZIP_STORED and member.compress_size != member.file_size:
            told = f"{member.compress_size} and {member.file_size} bytes"
            raise HqError(f"{member.filename}: is not packed, but has {told} in the zip's directory", DATA)
        return _Piecewise(self._zip.open(member), member.filename, member.file_size)

    def about(self) -> bytes | None:
        return self._said

    def _length(self) -> int:
        """Rows of the table: what most of the columns have."""
        lengths = [array.rows for array in self._arrays if not array.what]
        return max(set(lengths), key=lambda n: (lengths.count(n), n), default=0)

    def readable(self) -> list[int]:
        if self._inside:
            return list(range(len(self.names)))
        n = self._length()
        return [i for i, array in enumerate(self._arrays) if not array.what and array.rows == n]

    def kind(self, at: int) -> str:
        array = self._arrays[at]
        return array.what or f"{array.rows} values, others have {self._length()}"

    def chunks(self, wanted: Sequence[int]) -> Iterator[list[ColumnSlice]]:
        if self._inside:
            yield from _structured(self._piecewise(self._members[0]), [self.names[i] for i in wanted], self)
            return
        arrays = [self._arrays[i] for i in wanted]
        for array in arrays:
            if array.what:
                raise HqError(f"{array.name}: holds {array.what}", DATA)
        if len({array.rows for array in arrays}) > 1:
            told = ", ".join(f"{self.names[i]} {self._arrays[i].rows}" for i in wanted)
            raise HqError(f"the .npz columns differ in length: {told[:300]}", DATA)
        left = arrays[0].rows if arrays else 0
        room = self.room(sum(array.row for array in arrays))
        arrays = [self._piecewise(self._members[i]) for i in wanted]
        while left:
            n = min(left, room)
            left -= n
            yield [_column(array.read(n)) for array in arrays]


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

    def begin(self, schema: Schema, columns: Sequence[int]) -> None:
        cols = [schema.cols[at] for at in columns]
        self._schema = type(schema)(schema.of, schema.symbol, schema.period, cols, schema.extra)
        for name, kind in cols:
            if kind == "text":
                hint = "choose others with ", ChoiceOptions.columns, ", or write parquet"
                what = f"column '{name}' holds free text, of which an array has none"
                raise HqError(what, DATA, subject="npz", hint=hint)
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
                ours = table.take(batch.texts.get(name, []), f"column '{name}'")
                held.extend(np.array(ours, dtype="<i4")[found].tobytes())
        self._waiting += batch.n
        if sum(map(len, self._held)) >= HELD:
            self._put()

    def _put(self) -> None:
        assert self._file is not None
        for column in self._held:
            write_all(self._file, memoryview(column))
        self._held = [bytearray() for _ in self._kinds]
        self._blocks.append(self._waiting)
        self._waiting = 0

    def _column(self, at: int) -> Iterator[bytes]:
        """The bytes of a column, block by block."""
        assert self._file is not None
        widths = [width(kind) for _, kind in self._kinds]
        start = 0
        for n in self._blocks:
            self._file.seek(start + n * sum(widths[:at]))
            left = n * widths[at]
            while left:
                data = self._file.read(min(left, READ))
                left -= len(data)
                yield data
            start += n * sum(widths)

    def end(self) -> None:
        if self._schema is None:
            return
        if not self._tables:
            self._open(())
        self._put()
        rows = sum(self._blocks)
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
                    for data in self._column(at):
                        to.write(data if texts is None else texts[np.frombuffer(data, dtype="<i4")].tobytes())


def _header(to: Any, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
    np.lib.format.write_array_header_1_0(
        to, {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    )
