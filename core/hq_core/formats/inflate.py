"""Bytes on a descriptor, plain or packed: gzip, bzip2, xz, Zstandard and zip, taken as they come, without seeking."""

from __future__ import annotations

import os
import stat
import zlib
from collections import deque
from typing import TYPE_CHECKING

from hq_core.errors import DATA, HqError
from hq_core.wire.frame import grow_pipe, read_into

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

READ = 512 * 1024  # measured: 10 % faster than 256 KiB over CSV, no slower than 1 MiB
LARGE = 1 << 20  # bytes of a file that a thread is worth which unpacks it
PIECE, LARGEST = 4096, 64 * 1024  # a member is unpacked in pieces that grow: many small members cost no more than one
LAYERS = 4  # gzip in gzip in …
GZIP, ZIP, ZSTD, XZ = b"\x1f\x8b", b"PK\x03\x04", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\0"
BZIP = b"BZh"
BZIP_BLOCKS = (b"1AY&SY", b"\x17\x72\x45\x38\x50\x90")  # what follows BZh and a digit: text may begin with BZh too
XZ_MEMORY = 100 << 20  # xz -9 takes 65 MiB
ZIP_DIRECTORY = (b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06")
ZIP_DESCRIPTOR = b"PK\x07\x08"
OFFICE = ("[Content_Types].xml", "mimetype", "_rels/", "docProps/", "xl/")  # what spreadsheets' zips begin with


class ByteStream:
    """A descriptor's bytes in order; `first` was read from it before.

    whole    its end is the end of the data: of a regular file, or of packed data, which says where it ends.  A pipe
             also ends when its writer dies
    pending  readinto gives bytes without having to wait for the descriptor
    packed   its bytes are not those of the descriptor
    """

    packed = False

    def __init__(self, fd: int, first: bytes = b"") -> None:
        self.fd = fd
        self.whole = True
        self._block = memoryview(first)  # read, and used up to _at
        self._at = 0
        if fd >= 0:
            grow_pipe(fd)
            self.whole = stat.S_ISREG(os.fstat(fd).st_mode)

    @property
    def pending(self) -> bool:
        return self._at < len(self._block)

    @property
    def at_start(self) -> bool:
        """Whether these are the bytes of a regular file from its first one on."""
        if type(self) is not ByteStream or self.fd < 0 or not self.whole:
            return False
        return os.lseek(self.fd, 0, os.SEEK_CUR) == len(self._block) - self._at

    def readinto(self, view: Any) -> int:
        """Some bytes into `view`; 0 at the end."""
        n = min(len(self._block) - self._at, len(view))
        if n:
            view[:n] = self._block[self._at : self._at + n]
            self._at += n
            return n
        return self._more(view)

    def peek(self, n: int, most: int = 0) -> bytes:
        """The next n bytes, fewer at the end, without taking them; up to `most` if these are there already."""
        while len(self._block) - self._at < n and self._fill():
            pass
        return bytes(self._block[self._at : self._at + max(n, most)])

    def take(self, n: int) -> bytes:
        """The next n bytes, fewer at the end."""
        found = self.peek(n)
        self._at += len(found)
        return found

    def some(self, most: int) -> memoryview:
        """Some of the next bytes, at most so many; none at the end.  Valid until more is taken."""
        if self._at == len(self._block):
            self._fill()
        found = self._block[self._at : self._at + most]
        self._at += len(found)
        return found

    def back(self, n: int) -> None:
        """Give back the last n bytes of what `some` gave."""
        self._at -= n

    def ahead(self) -> bytes:
        """Take what was read of the descriptor and not yet used."""
        return bytes(self.some(len(self._block))) if self.pending else b""

    def skip_zeros(self) -> bool:
        """Past zero bytes; whether another byte comes behind them."""
        while found := self.some(PIECE):
            if found[0]:
                self.back(len(found))
                return True
            self.back(len(bytes(found).lstrip(b"\0")))
        return False

    def _fill(self) -> bool:
        left = bytes(self._block[self._at :])
        chunk = bytearray(len(left) + READ)
        chunk[: len(left)] = left
        got = self._more(memoryview(chunk)[len(left) :])
        self._block, self._at = memoryview(chunk)[: len(left) + got], 0
        return got > 0

    def _more(self, view: Any) -> int:
        return read_into(self.fd, view)


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


class _Deflate:
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


class _Unpacked(ByteStream):
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


class MemberStream(_Unpacked):
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


class ZstdStream(_Unpacked):
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


class ZipStream(_Unpacked):
    """The files of a zip archive one after the other; a newline goes between two if the first has none at its end.

    files  (where it begins in what comes out, name) of each file that nobody has taken notice of yet
    """

    format = "zip"

    def __init__(self, packed: ByteStream) -> None:
        super().__init__(packed)
        self.errors = deflate_errors()
        self.files: deque[tuple[int, str]] = deque()
        self._name = ""
        self._open = self._done = False
        self._left = -1  # bytes left of a stored file; -1 for a deflated one
        self._flags = self._crc = self._said_crc = 0
        self._given = 0
        self._last = b"\n"
        self._next()

    def _more(self, view: Any) -> int:
        while not self._done:
            if self._open:
                got = self._stored(view) if self._left >= 0 else self._inflated(view)
                if got:
                    self._crc = zlib.crc32(view[:got], self._crc)
                    self._last = bytes(view[got - 1 : got])
                    self._given += got
                    return got
                self._close()
                if self._last != b"\n":
                    self._last = b"\n"
                    self._given += 1
                    view[:1] = b"\n"
                    return 1
            self._next()
        return 0

    def _next(self) -> None:
        """Open the next file that is not a folder, or find that there is none."""
        signature = self._packed.peek(4)
        if signature in ZIP_DIRECTORY:
            self._done = True
            while self._packed.some(READ):  # whoever packs it must not be killed by SIGPIPE
                pass
            return
        header = self._packed.take(30)
        if len(header) < 30 or signature != ZIP:
            raise HqError("zip data stops in the middle or is damaged: no file header where one must be", DATA)
        self._flags, method = int.from_bytes(header[6:8], "little"), int.from_bytes(header[8:10], "little")
        self._said_crc = int.from_bytes(header[14:18], "little")
        packed_size = int.from_bytes(header[18:22], "little")
        name = self._packed.take(int.from_bytes(header[26:28], "little"))
        extra = self._packed.take(int.from_bytes(header[28:30], "little"))
        self._name = name.decode("utf-8", "replace")
        if self._name.startswith(OFFICE):
            raise HqError(f"this is a spreadsheet or another office file ({self._name} in a zip): save it as CSV", DATA)
        if self._flags & 1:
            raise HqError(f"zip: {self._name}: is encrypted", DATA)
        if method == 0 and not self._flags & 8:
            self._left = _zip64_size(extra) if packed_size == 0xFFFFFFFF else packed_size
            self._inflate = None
        elif method == 8:
            self._left = -1
            self._begin(_Deflate(-15))
        else:
            raise HqError(f"zip: {self._name}: method {method} cannot be read from a pipe; unpack it first", DATA)
        self._crc = 0
        self._open = True
        if not self._name.endswith("/"):
            self.files.append((self._given, self._name))

    def _stored(self, view: Any) -> int:
        data = self._packed.some(min(self._left, len(view)))
        if self._left and not data:
            raise self._cut()
        self._left -= len(data)
        view[: len(data)] = data
        return len(data)

    def _close(self) -> None:
        """Past the file's data: check it by its CRC."""
        self._open = False
        if self._flags & 8:
            # the descriptor has a signature or none and sizes of 4 or 8 bytes: the next signature tells which
            ahead = self._packed.peek(28)
            start = 4 if ahead[:4] == ZIP_DESCRIPTOR else 0
            self._said_crc = int.from_bytes(ahead[start : start + 4], "little")
            wide = ahead[start + 12 : start + 14] != b"PK" or ahead[start + 20 : start + 22] == b"PK"
            self._packed.take(start + (20 if wide else 12))
        if self._crc != self._said_crc:
            raise HqError(f"zip: {self._name}: is damaged, its checksum does not fit", DATA)


def _zip64_size(extra: bytes) -> int:
    """The packed size that stands in a zip64 field."""
    at = 0
    while at + 4 <= len(extra):
        kind, size = int.from_bytes(extra[at : at + 2], "little"), int.from_bytes(extra[at + 2 : at + 4], "little")
        if kind == 1 and size >= 16:
            return int.from_bytes(extra[at + 12 : at + 20], "little")
        at += 4 + size
    raise HqError("zip data is damaged: a file without its size", DATA)


def _is_npz(stream: ByteStream) -> bool:
    """Whether a zip's first file is a NumPy array."""
    size = int.from_bytes(stream.peek(30)[26:28], "little")
    return stream.peek(30 + size)[30:].endswith(b".npy")


def _opened(stream: ByteStream) -> ByteStream | None:
    """What the stream unpacks to; None if it is not packed."""
    magic = stream.peek(4)
    if magic[:2] == GZIP:
        return MemberStream(stream, "gzip", GZIP, lambda: _Deflate(31), deflate_errors())
    if magic == ZIP and not _is_npz(stream):
        return ZipStream(stream)
    if magic == ZSTD:
        return ZstdStream(stream)
    if magic == XZ[:4] and stream.peek(6) == XZ:
        import lzma

        errors = lzma.LZMAError, MemoryError, EOFError
        return MemberStream(stream, "xz", XZ, lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, XZ_MEMORY), errors)
    if magic[:3] == BZIP and stream.peek(10)[4:] in BZIP_BLOCKS:
        import bz2

        return MemberStream(stream, "bzip2", BZIP, bz2.BZ2Decompressor, (OSError, ValueError, EOFError))
    return None


def unpacked(stream: ByteStream) -> ByteStream:
    """The stream itself, or what it unpacks to.  An .npz stays packed: it is read from its end."""
    layers = 0
    while (found := _opened(stream)) is not None:
        layers += 1
        if layers > LAYERS:
            raise HqError(f"packed more than {LAYERS} times over: unpack it first", DATA)
        if isinstance(stream, ZipStream):
            raise HqError(f"zip: {stream.files[0][1]}: is packed itself: unpack the zip first", DATA)
        stream = found
    return stream
