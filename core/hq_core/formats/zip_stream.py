"""The files of a zip, one behind the other, taken as they come."""

from __future__ import annotations

import zlib
from collections import deque
from typing import TYPE_CHECKING

from hq_core.errors import DATA, HqError
from hq_core.formats.byte_stream import READ, ZIP, ByteStream
from hq_core.formats.inflate import Deflate, Unpacked, deflate_errors

if TYPE_CHECKING:
    from typing import Any

ZIP_DIRECTORY = (b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06")
ZIP_DESCRIPTOR = b"PK\x07\x08"
OFFICE = ("[Content_Types].xml", "mimetype", "_rels/", "docProps/", "xl/")  # what spreadsheets' zips begin with


class ZipStream(Unpacked):
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
            self._begin(Deflate(-15))
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
