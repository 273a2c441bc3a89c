"""A whole file as memory: a regular file as it lies there, anything else put down in one without a name first."""

from __future__ import annotations

import mmap
import os
from typing import TYPE_CHECKING

from hq_core.errors import DATA, HqError
from hq_core.formats.lean import pa
from hq_core.formats.spool import spooled

if TYPE_CHECKING:
    from hq_core.formats.byte_stream import ByteStream

HELD = 4 << 20  # bytes that are used before what was looked at is let go of again


class Mapped:
    """A stream's bytes as memory.

    buffer  of pyarrow's
    """

    def __init__(self, stream: ByteStream) -> None:
        self._map = _as_it_lies(stream) or _put_down(stream)
        self.buffer = pa.py_buffer(self._map)
        self._used = 0

    def forget(self, used: int) -> None:
        """So many bytes more were used: what was looked at goes, so that it does not pile up.

        Raises HqError where somebody has made the file shorter: the memory behind its end is gone.
        """
        self._used += used
        if self._used >= HELD:
            self._used = 0
            self._map.madvise(mmap.MADV_DONTNEED)
            self.whole()

    def whole(self) -> None:
        """Raises HqError as `forget` does; to be asked before the end is told."""
        if self._map.size() < len(self._map):
            raise HqError("the file became shorter while it was read", DATA)


def _as_it_lies(stream: ByteStream) -> mmap.mmap | None:
    if not stream.at_start:
        return None
    try:
        found = mmap.mmap(stream.fd, 0, access=mmap.ACCESS_READ)
        os.lseek(stream.fd, 0, os.SEEK_END)  # as if it had been read
    except (OSError, ValueError):  # not every file system has it
        return None
    return found


def _put_down(stream: ByteStream) -> mmap.mmap:
    with spooled(stream) as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
