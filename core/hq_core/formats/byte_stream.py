"""The bytes of a descriptor, as they come, without seeking."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from hq_core.wire.frame import grow_pipe, read_into

if TYPE_CHECKING:
    from typing import Any

READ = 512 * 1024  # measured: 10 % faster than 256 KiB over CSV, no slower than 1 MiB
LARGE = 1 << 20  # bytes of a file that a thread is worth which unpacks it
PIECE = 4096  # bytes that are unpacked at first
ZIP = b"PK\x03\x04"  # what a zip begins with, and an .npz


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
