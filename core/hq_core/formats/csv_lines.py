"""The lines of a stream as they come: no seek, no whole file, memory for two reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core.errors import DATA, HqError
from hq_core.formats.byte_stream import READ
from hq_core.formats.text_kernel import SLACK
from hq_core.jit import address_of
from hq_core.memory import Memory

if TYPE_CHECKING:
    from hq_core.formats.byte_stream import ByteStream

BUFFER = 2 * READ


class Lines:
    """Bytes that have come and are still wanted, by their places in `memory`.

    at, filled  the first of them, and the one after the last
    base        position in the stream of memory's first byte
    ended       no more come;  cut: inside a line, where that may not be
    """

    def __init__(self, stream: ByteStream) -> None:
        self.stream = stream
        self.memory = Memory(BUFFER + SLACK)
        self.at = self.filled = self.base = 0
        self.ended = self.cut = False
        self._added = 0  # newlines put at the end of a file that has none
        self._skip = self.memory.address - address_of(self.memory.raw)

    def position(self, at: int) -> int:
        """Bytes of the stream before that place."""
        return self.base + min(at, self.filled - self._added)

    def line(self, at: int) -> tuple[bytes, int] | None:
        """The line at `at` without its end, and where the next one begins; None if it has not come whole."""
        raw, skip = self.memory.raw, self._skip
        end = raw.find(b"\n", at + skip, self.filled + skip)
        if end < 0:
            return None
        return bytes(raw[at + skip : end]).removesuffix(b"\r"), end + 1 - skip

    def last_end(self, at: int, limit: int) -> int:
        """The byte after the last line that ends between two places; `at` if none does."""
        skip = self._skip
        return max(at, self.memory.raw.rfind(b"\n", at + skip, limit + skip) + 1 - skip)

    @property
    def full(self) -> bool:
        """Whether there is no room for another read, as one line takes it all."""
        return self.filled - self.at > BUFFER - READ

    def read(self) -> None:
        """Read once; the last line of a file gets its end if it has none."""
        view = self.memory.view
        if self.full:
            raise HqError(f"the line at byte {self.base + self.at} has more than {READ} bytes: this is no CSV", DATA)
        left = self.filled - self.at
        if self.at:
            view[:left] = bytes(view[self.at : self.filled])
            self.base += self.at
            self.at, self.filled = 0, left
        got = self.stream.readinto(view[left : left + READ])
        self.filled += got
        if got == 0:
            self.ended = True
            if left and view[left - 1] != 10:
                if not self.stream.whole and bytes(view[:left]).strip():
                    self.cut = True
                    return
                view[left] = 10
                self.filled += 1
                self._added = 1
