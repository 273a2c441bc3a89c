""".npy and .npz: a structured array, or one array a column; read and written a piece at a time, never unpickled."""
from __future__ import annotations

import tempfile
import zipfile
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import orjson

from hq_core.errors import DATA, HqError
from hq_core.formats.inflate import READ
from hq_core.formats.rows import ROOM
from hq_core.formats.spool import spooled
from hq_core.formats.tables import DTYPES, Column, TableSource, described

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hq_core.batch import Batch, Schema
    from hq_core.formats.inflate import ByteStream
    from hq_core.formats.options import Options
    from hq_core.formats.tables import Chunk

ABOUT = "hq.schema"         # the array that holds hq's own description, as bytes of JSON
EVENTS = ("ev", "exch_ts", "local_ts")
PER_NS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


class _Piecewise:
    """An array in a file, read some rows at a time."""

    def __init__(self, file: Any, name: str) -> None:
        self.file = file
        self.name = name
        try:
            version = np.lib.format.read_magic(file)
            reader = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, self.columnwise, self.dtype = reader(file)
        except (ValueError, EOFError) as error:
            raise HqError(f"{name}: is no .npy array that hq reads: {error}", DATA) from None
        if self.dtype.hasobject:
            raise HqError(f"{name}: holds Python objects, which are not read: unpickling would run code", DATA)
        if len(shape) == 0 or len(shape) > 2 or (len(shape) == 2 and self.columnwise):
            raise HqError(f"{name}: has shape {shape}; one-dimensional columns are read", DATA)
        self.rows = shape[0]
        self.wide = shape[1] if len(shape) == 2 else 0

    def read(self, n: int) -> Any:
        """The next n rows."""
        size = n * self.dtype.itemsize * max(self.wide, 1)
        data = self.file.read(size)
        while len(data) < size:
            more = self.file.read(size - len(data))
            if not more:
                raise HqError(f"{self.name}: stops after {len(data)} of {size} bytes: it was cut", DATA)
            data += more
        found = np.frombuffer(data, dtype=self.dtype)
        return found.reshape(n, self.wide) if self.wide else found


def _column(values: Any) -> Column:
    if values.dtype.kind == "M":
        unit = np.datetime_data(values.dtype)[0]
        if unit not in PER_NS:
            values = values.astype("datetime64[s]")
        return Column(values.astype("datetime64[ns]").astype(np.int64), zoned=False)
    return Column(values)


class NpySource(TableSource):
    """One structured array."""

    def __init__(self, stream: ByteStream, options: Options | None = None) -> None:
        super().__init__(options)
        self._array = _Piecewise(spooled(stream), "the .npy input")
        names = self._array.dtype.names
        if names is None:
            raise HqError("the .npy array has no named fields; an .npz of one array a column has", DATA)
        _refuse_events(names)

    def about(self) -> None:
        return None

    def chunks(self) -> Iterator[Chunk]:
        yield from _structured(self._array)


def _structured(array: _Piecewise) -> Iterator[Chunk]:
    left = array.rows
    while left:
        rows = array.read(min(left, ROOM))
        left -= len(rows)
        yield {name: _column(rows[name]) for name in array.dtype.names or ()}


def _refuse_events(names: Sequence[str]) -> None:
    if all(name in names for name in EVENTS):
        raise HqError("this is an array of hftbacktest's events, which hq does not read yet", DATA)


class NpzSource(TableSource):
    """One array a column, or a single structured array."""

    def __init__(self, stream: ByteStream, options: Options | None = None) -> None:
        super().__init__(options)
        try:
            self._zip = zipfile.ZipFile(spooled(stream))
        except zipfile.BadZipFile as error:
            raise HqError(f"the .npz cannot be read: {error}", DATA) from None
        self._said: dict[str, Any] | None = None
        self._arrays = {}
        for name in self._zip.namelist():
            column = name.removesuffix(".npy")
            if column == ABOUT:
                about = self._piecewise(name)
                self._said = orjson.loads(about.read(about.rows).tobytes())
            else:
                self._arrays[column] = self._piecewise(name)

    def _piecewise(self, name: str) -> _Piecewise:
        return _Piecewise(self._zip.open(name), name)

    def about(self) -> dict[str, Any] | None:
        return self._said

    def chunks(self) -> Iterator[Chunk]:
        arrays = self._arrays
        if len(arrays) == 1:
            (only,) = arrays.values()
            if only.dtype.names:
                _refuse_events(only.dtype.names)
                yield from _structured(only)
                return
        lengths = {array.rows for array in arrays.values()}
        if len(lengths) > 1:
            told = ", ".join(f"{name} {array.rows}" for name, array in arrays.items())
            raise HqError(f"the .npz columns differ in length: {told}", DATA)
        left = lengths.pop() if lengths else 0
        try:
            while left:
                n = min(left, ROOM)
                left -= n
                yield {name: _column(array.read(n)) for name, array in arrays.items()}
        except (zipfile.BadZipFile, EOFError) as error:
            raise HqError(f"the .npz is damaged: {error}", DATA) from None


class NpzWriter:
    """One array a column, with hq's own description beside them; columns wait in files without a name."""

    def __init__(self, out: Any) -> None:
        self._out = out
        self._files: list[BinaryIO] = []
        self._symbols: dict[str, int] = {}
        self._codes: BinaryIO | None = None
        self._schema: Schema | None = None
        self._cols: list[tuple[str, str]] = []
        self._rows = 0

    def begin(self, schema: Schema, columns: Sequence[int]) -> None:
        self._schema = schema
        self._cols = [schema.cols[at] for at in columns]
        self._files = [_temporary() for _ in columns]
        self._codes = _temporary() if schema.symbol else None

    def rows(self, batch: Batch, columns: Sequence[int]) -> None:
        for file, at in zip(self._files, columns):
            file.write(batch.view(batch.schema.cols[at][0]))
        if self._codes is not None:
            code = self._symbols.setdefault(batch.schema.symbol, len(self._symbols))
            self._codes.write(np.full(batch.n, code, dtype="<i4").tobytes())
        self._rows += batch.n

    def end(self) -> None:
        if self._schema is None:
            return
        first = self._schema
        with zipfile.ZipFile(self._out, "w", zipfile.ZIP_STORED) as archive:
            about = type(first)(first.of, first.symbol, first.period, self._cols, first.extra)
            said = np.frombuffer(described(about), dtype=np.uint8)
            with archive.open(f"{ABOUT}.npy", "w") as to:
                np.lib.format.write_array(to, said, allow_pickle=False)
            if self._codes is not None:
                self._write_symbols(archive)
            for (name, kind), file in zip(self._cols, self._files):
                item, _, length = kind.partition("x")
                dtype = np.dtype("?" if kind == "b1" else DTYPES[item])
                shape = (self._rows, int(length)) if length else (self._rows,)
                file.seek(0)
                with archive.open(f"{name}.npy", "w", force_zip64=True) as to:
                    _header(to, dtype, shape)
                    while data := file.read(READ):
                        to.write(data)
                file.close()

    def _write_symbols(self, archive: zipfile.ZipFile) -> None:
        names = np.array(list(self._symbols) or [""])
        assert self._codes is not None
        self._codes.seek(0)
        with archive.open("symbol.npy", "w", force_zip64=True) as to:
            _header(to, names.dtype, (self._rows,))
            while data := self._codes.read(4 * ROOM):
                to.write(names[np.frombuffer(data, dtype="<i4")].tobytes())
        self._codes.close()


def _header(to: Any, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
    np.lib.format.write_array_header_1_0(
        to, {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    )


def _temporary() -> BinaryIO:
    return tempfile.TemporaryFile()     # noqa: SIM115  lives as long as the writer


