"""Bytes that packed ones unpack to, taken as they come: gzip, bzip2, xz and Zstandard."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from hq_core.errors import DATA, HqError
from hq_core.formats.byte_stream import PIECE, ByteStream

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

LARGEST = 64 * 1024  # a member is unpacked in pieces that grow: many small members cost no more than one


def fastest() -> Any:
    """zlib, or what unpacks the same faster where it is installed (pip install 'hq[fast]')."""
    if not _zlibs:
        try:
            from isal import isal_zlib

            _zlibs.append(isal_zlib)
        except ImportError:
            _zlibs.append(zlib)
    return _zlibs[0]


def deflate_errors() -> tuple[type[Exception], ...]:
    return zlib.error, fastest().error


_zlibs: list[Any] = []


class Deflate:
    """zlib with the manners of bz2 and lzma: it keeps what it did not get to, and says whether it needs more."""

    def __init__(self, wbits: int) -> None:
        self._inflate = fastest().decompressobj(wbits)
        self._full = False  # the last output filled its place: there may be more

    @property
    def eof(self) -> bool:
        return bool(self._inflate.eof)

    @property
    def unused_data(self) -> bytes:
        return bytes(self._inflate.unused_data)

    @property
    def needs_input(self) -> bool:
        return not (self._inflate.unconsumed_tail or self._full or self._inflate.eof)

    def decompress(self, data: Any, most: int) -> bytes:
        out: bytes = self._inflate.decompress(data or self._inflate.unconsumed_tail, most)
        self._full = len(out) == most
        return out


class Unpacked(ByteStream):
    """What another stream's bytes unpack to.

    format  its name;  errors: what its decompressor raises on damaged data
    """

    packed = True
    format = ""
    errors: tuple[type[Exception], ...] = ()

    def __init__(self, packed: ByteStream) -> None:
        super().__init__(-1)
        self.fd = packed.fd
        self._packed = packed
        self._inflate: Any = None
        self._piece = PIECE

    @property
    def pending(self) -> bool:
        waiting = self._inflate is not None and not self._inflate.eof and not self._inflate.needs_input
        return self._at < len(self._block) or waiting or self._packed.pending

    def _begin(self, inflate: Any) -> None:
        self._inflate, self._piece = inflate, PIECE

    def _inflated(self, view: Any) -> int:
        """Bytes of the member that is open into `view`; 0 at its end."""
        inflate = self._inflate
        while not inflate.eof:
            data: Any = b""
            if inflate.needs_input:
                data = self._packed.some(self._piece)
                if not data:
                    raise self._cut()
                self._piece = min(2 * self._piece, LARGEST)
            try:
                out = inflate.decompress(data, len(view))
            except self.errors as error:
                raise HqError(f"{self.format} data is damaged: {error}", DATA) from None
            if inflate.eof:
                self._packed.back(len(inflate.unused_data))
            if out:
                view[: len(out)] = out
                return len(out)
        return 0

    def _cut(self) -> HqError:
        return HqError(f"{self.format} data stops in the middle: it was cut, or its writer died", DATA)


class MemberStream(Unpacked):
    """gzip, bzip2 or xz, also several files one after the other, as `cat a.gz b.gz` gives them.

    Zeros between and behind them are skipped: tapes and some writers fill up with them.
    """

    def __init__(
        self,
        packed: ByteStream,
        format_: str,
        magic: bytes,
        make: Callable[[], Any],
        errors: tuple[type[Exception], ...],
    ) -> None:
        super().__init__(packed)
        self.format, self._magic, self._make, self.errors = format_, magic, make, errors

    def _more(self, view: Any) -> int:
        while True:
            if self._inflate is None:
                if not self._packed.skip_zeros():
                    return 0
                if self._packed.peek(len(self._magic)) != self._magic:
                    raise HqError(f"after the end of the {self.format} data come other bytes", DATA)
                self._begin(self._make())
            got = self._inflated(view)
            if got:
                return got
            self._inflate = None


class _File:
    """A stream as pyarrow takes it for a file."""

    closed = False

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream

    def read(self, n: int) -> bytes:
        return bytes(self._stream.some(n))

    def close(self) -> None:
        """The descriptor is its owner's to close."""


class ZstdStream(Unpacked):
    """Zstandard, by pyarrow; rows come when 64 KiB of them are there or at the end."""

    format = "zstd"

    def __init__(self, packed: ByteStream) -> None:
        from hq_core.formats.lean import pa

        super().__init__(packed)
        # not this object: a ring of references through pyarrow would never be freed
        self._unpacked = pa.CompressedInputStream(pa.PythonFile(_File(packed), mode="r"), "zstd")

    @property
    def pending(self) -> bool:
        return self._at < len(self._block) or self._packed.pending

    def _more(self, view: Any) -> int:
        try:
            out = self._unpacked.read(min(len(view), LARGEST))
        except (OSError, ValueError, MemoryError) as error:
            if "runcated" in str(error):
                raise self._cut() from None
            raise HqError(f"{self.format} data is damaged: {error}", DATA) from None
        view[: len(out)] = out
        return len(out)
