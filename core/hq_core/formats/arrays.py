""".npy and .npz: a structured array, or one array a column; read and written a piece at a time, never unpickled."""

from __future__ import annotations

import os
import re
import zipfile
from typing import TYPE_CHECKING, Any

from hq_core.errors import DATA, HqError
from hq_core.formats.byte_stream import LARGE, READ
from hq_core.formats.inflate import fastest
from hq_core.formats.plain import SYMBOL as OF_ONE_SYMBOL
from hq_core.formats.plain import WIDTHS, PlainColumn
from hq_core.formats.spool import laid
from hq_core.formats.tables import DESCRIBED, IN_NPZ, TableSource, cut
from hq_core.memory import Memory
from hq_core.wire.frame import MAX_COLUMNS, is_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hq_core.formats.byte_stream import ByteStream
    from hq_core.formats.exact import Array, ColumnSlice
    from hq_core.formats.spool import Unnamed
    from hq_core.formats.tables import Column

HEADER = 1 << 18  # bytes of an array's header; 4096 fields take less than half
DIRECTORY = 16 << 20  # bytes of a zip's directory
OBJECTS = "Python objects, which are not read: unpickling would run code"
# a header as NumPy writes it of one column of a plain type; any other is NumPy's to read
USUAL = re.compile(
    rb"{'descr': '([<|][fiub][1248]|<U(\d{1,4}))', 'fortran_order': False, 'shape': \((\d{1,15}),\), } *\n"
)
TYPES = {b"<i8": "i8", b"<f8": "f8", b"<i4": "i4", b"|i1": "i1", b"|b1": "b1", b"|u1": ""}  # hq's, where it has one
NUMBERS = "fiub"  # kinds of NumPy's types
_TRUE = bytes(min(byte, 1) for byte in range(256))


class _Piecewise:
    """An array in a file, read some rows at a time.

    rows   (n,) or (n, wide): how many;  row: bytes of one
    what   why its values are not read, '' if they are
    type   hq's type of a plain column, "U" of texts of one width; '' of all others
    names  of a structured array's fields
    """

    def __init__(self, file: Any, name: str, size: int) -> None:
        """`size` is that of the file, header and all: it must hold just this array."""
        self.file = file
        self.name = name
        self.what = self.type = ""
        self.wide = 0
        self.names: tuple[str, ...] = ()
        self._dtype: Any = None
        self._memory = Memory(0)  # of the rows that were read last, which nobody has any more when others are read
        self._repeated = b""  # the text of a column of one symbol, as often as rows are read
        start, text, version = _header(file, name)
        usual = USUAL.fullmatch(text) if version == 1 else None
        if usual and (usual[2] or usual[1] in TYPES):
            self.type = "U" if usual[2] else TYPES[usual[1]]
            self._descr = usual[1].decode()
            shape: tuple[int, ...] = (int(usual[3]),)
            item = 4 * int(usual[2]) if usual[2] else int(usual[1][2:])
        else:
            from hq_core.formats.array_columns import described_by

            shape, columnwise, self._dtype = described_by(text, version, name, HEADER)
            self.what = OBJECTS if self._dtype.hasobject else ""
            if len(shape) not in (1, 2) or (len(shape) == 2 and columnwise):
                self.what = self.what or f"shape {shape}; one-dimensional columns are read"
            self.wide = shape[1] if len(shape) == 2 else 0
            item = self._dtype.itemsize
            self.names = self._dtype.names or ()
        self.rows = shape[0] if shape else 1
        self.row = item * (self.wide if len(shape) == 2 else 1)
        if self.rows and not self.row:
            self.what = "values of no bytes"
        count = 1
        for length in shape:
            count *= length
        if self.what != OBJECTS and start + count * item != size:
            told = f"shape {shape} of {item} bytes each, but {size - start} bytes follow the header"
            raise HqError(f"{name}: says {told}", DATA)

    def fill(self, view: memoryview) -> None:
        """The bytes of the next rows."""
        at, size = 0, len(view)
        while at < size:
            more = self.file.readinto(view[at : at + READ])
            if not more:
                raise HqError(f"{self.name}: stops after {at} of {size} bytes: it was cut", DATA)
            at += more

    @property
    def dtype(self) -> Any:
        import numpy as np

        return np.dtype(self._descr) if self._dtype is None else self._dtype

    def read(self, n: int) -> Array:
        """The next n rows."""
        import numpy as np

        data = bytearray(n * self.row)
        self.fill(memoryview(data))
        dtype = self.dtype
        found = np.frombuffer(data, dtype=dtype) if self.row else np.zeros(n, dtype=dtype)
        return found.reshape(n, self.wide) if self.wide else found

    def column(self, n: int, kind: str = "") -> Column:
        """The next n rows, for a column of hq's type `kind`, or of one symbol, where hq wrote the file."""
        fits = self.type == ("U" if kind == OF_ONE_SYMBOL else {"s4": "i4"}.get(kind, kind))
        if not kind or not fits or not n or self.what:
            from hq_core.formats.array_columns import column_slice

            return column_slice(self.read(n))
        if self.type == "U":
            return self._symbols(n)
        size = n * WIDTHS[kind]
        if self._memory.size != size:
            self._memory = Memory(size)
        memory = self._memory
        self.fill(memory.view)
        if self.type == "b1":
            memory.view[:] = bytes(memory.view).translate(_TRUE)
        return PlainColumn(n, memory.address, memory)

    def _symbols(self, n: int) -> Column:
        data = bytearray(n * self.row)
        self.fill(memoryview(data))
        first = bytes(data[: self.row])
        if len(self._repeated) != len(data) or not self._repeated.startswith(first):
            self._repeated = first * n
        try:
            word = first.decode("utf-32-le").rstrip("\0")
        except UnicodeDecodeError:
            word = ""
        if word and is_name(word) and data == self._repeated:
            return PlainColumn(n, 0, None, word)
        import numpy as np

        from hq_core.formats.array_columns import column_slice

        return column_slice(np.frombuffer(data, dtype=self._descr))


def _header(file: Any, name: str) -> tuple[int, bytes, int]:
    """An array's header: where it ends, its text, and the version of its form."""
    magic = _exactly(file, 8)
    if magic[:6] != b"\x93NUMPY" or magic[6:] not in (b"\1\0", b"\2\0", b"\3\0"):
        raise HqError(f"{name}: is no .npy array that hq reads: it begins with {magic.hex(' ')}", DATA)
    wide = 2 if magic[6] == 1 else 4
    size = int.from_bytes(_exactly(file, wide), "little")
    text = _exactly(file, size) if size <= HEADER else b""
    if len(text) != size:
        raise HqError(f"{name}: is no .npy array that hq reads: its header of {size} bytes is cut, or too long", DATA)
    return 8 + wide + size, text, magic[6]


def _exactly(file: Any, n: int) -> bytes:
    """n bytes, fewer at the end."""
    data = bytearray(n)
    at = 0
    while at < n and (more := file.readinto(memoryview(data)[at:])):
        at += more
    return bytes(data[:at])


class _Stored:
    """A member of a zip that is not packed, read from where it lies; its sum is checked as zipfile does."""

    def __init__(self, file: Unnamed, member: zipfile.ZipInfo) -> None:
        self._fd = file.fileno()
        head = os.pread(self._fd, 30, member.header_offset)  # zipfile has found it to be fine
        self._at = (
            member.header_offset + 30 + int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
        )
        self._left = member.file_size
        self._sum = 0
        self._member = member
        self._add = fastest().crc32

    def readinto(self, view: memoryview) -> int:
        view = view[: min(len(view), self._left)]
        if not len(view):
            return 0
        n = os.preadv(self._fd, [view], self._at)
        self._sum = self._add(view[:n], self._sum)
        self._at += n
        self._left -= n
        if not self._left and self._sum != self._member.CRC:
            raise zipfile.BadZipFile(f"Bad CRC-32 for file {self._member.filename!r}")
        return n

    def close(self) -> None:
        """The file is its owner's to close."""


class NpySource(TableSource):
    """One structured array."""

    what = ".npy"

    def open(self, stream: ByteStream) -> None:
        self._file = laid(stream)
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

    def fields(self) -> Any:
        return self._array.dtype

    def readable(self) -> list[int]:
        return list(range(len(self.names)))

    def kind(self, at: int) -> str:
        return "nothing"

    def numeric(self, at: int) -> bool:
        return self._array.dtype[at].kind in NUMBERS

    def chunks(self, wanted: Sequence[int]) -> Iterator[list[ColumnSlice]]:
        return _structured(self._opened(), [self.names[i] for i in wanted], self)


def _fields(array: _Piecewise) -> tuple[str, ...]:
    """The names of a structured array."""
    names = array.names
    if names and array.what:
        raise HqError(f"{array.name}: is of {array.what}", DATA)
    return names


def _structured(array: _Piecewise, names: Sequence[str], source: TableSource) -> Iterator[list[ColumnSlice]]:
    from hq_core.formats.array_columns import column_slice

    left, room = array.rows, source.room(array.row)
    while left:
        rows = array.read(min(left, room))
        left -= len(rows)
        yield [column_slice(rows[name]) for name in names]


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
        self._file = file = laid(stream)
        self.size = file.seek(0, 2)
        if not zipfile.is_zipfile(_Zipped(file)):
            raise cut(".npz")
        self._zip = zipfile.ZipFile(_Zipped(file))
        self._said: bytes | None = None
        self._members: list[zipfile.ZipInfo] = []
        self._arrays: list[_Piecewise] = []
        self._inside: tuple[str, ...] = ()  # the fields, where the only array is a structured one
        for member in self._zip.infolist():
            if not member.filename.endswith(".npy"):
                continue
            name = member.filename.removesuffix(".npy")
            if name in self.names or (name == IN_NPZ and self._said is not None):
                raise HqError(f"the .npz has '{member.filename}' twice", DATA)
            array = self._piecewise(member)
            if name == IN_NPZ:
                if array.rows * array.row > DESCRIBED or array.what or array.row != 1:
                    raise HqError(f"the .npz: '{member.filename}' is no description of up to {DESCRIBED} bytes", DATA)
                said = bytearray(array.rows)
                array.fill(memoryview(said))
                self._said = bytes(said)
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
        opened: Any = self._zip.open(member)
        if member.compress_type == zipfile.ZIP_STORED and member.file_size >= LARGE:
            opened.close()
            opened = _Stored(self._file, member)
        return _Piecewise(opened, member.filename, member.file_size)

    def about(self) -> bytes | None:
        return self._said

    def fields(self) -> Any:
        return self._arrays[0].dtype if self._inside else None

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

    def numeric(self, at: int) -> bool:
        dtype = self._arrays[0].dtype[at] if self._inside else self._arrays[at].dtype
        return dtype.kind in NUMBERS

    def chunks(self, wanted: Sequence[int]) -> Iterator[Sequence[Column]]:
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
        kinds = [self.own.get(i, "") for i in wanted]
        while left:
            n = min(left, room)
            left -= n
            yield [array.column(n, kind) for array, kind in zip(arrays, kinds)]
