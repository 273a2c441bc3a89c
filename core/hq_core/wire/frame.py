"""What reader and writer share: the data frame's header, the limits, and memory that columns may lie in."""
from __future__ import annotations

import ctypes
import os
import select
import struct
from contextlib import suppress

from hq_core.errors import IO, HqError

# array16 of 4: u32 bytes that follow this element, u32 schema id, u32 rows, ext32 of the columns.
# All lengths have their widest form, so the header is 24 bytes and columns lie aligned.
HEADER = struct.Struct(">HBBIBIBIBIb")
HEADER_BYTES = HEADER.size
FOLLOWS = 8             # where the bytes that "follow" begin
EXT_COLUMNS = 1

BLOCK = 256 * 1024      # one read or write; larger ones leave the cache
BUFFER = 1024 * 1024
MAX_BLOB = 16 << 20     # a frame beyond 256 KiB gains nothing, so this is generous
MAX_MAP = 1 << 20
SMALL_MAP = 4096        # nearly every map is shorter, and reading 1 MiB to find that out costs 20 times as much
MAX_NAME = 256          # characters of a kind, symbol, period, or column name
MAX_COLUMNS = 4096
MAX_ARRAY = 4096        # in a map, where 1024 of them may be nested before a byte of their elements has come
MAX_SERIES = 65536


def is_name(text: object) -> bool:
    """Whether it may stand in a message: a short text without control characters."""
    return isinstance(text, str) and len(text) <= MAX_NAME and (text.isprintable() or not text)


def pack_header(into: memoryview, at: int, schema_id: int, n: int, blob: int) -> None:
    HEADER.pack_into(
        into, at, 0xDC00, 4, 0xCE, blob + HEADER_BYTES - FOLLOWS, 0xCE, schema_id, 0xCE, n, 0xC9, blob, EXT_COLUMNS
    )


class Memory:
    """A buffer whose first byte lies on a cache line."""

    __slots__ = ("address", "raw", "size", "view")

    def __init__(self, size: int) -> None:
        self.raw = bytearray(size + 64)
        start = ctypes.addressof(ctypes.c_char.from_buffer(self.raw))
        skip = -start % 64
        self.address = start + skip
        self.view = memoryview(self.raw)[skip : skip + size]
        self.size = size


def read_into(fd: int, view: memoryview) -> int:
    """Read once into `view`; 0 at the end.  Raises HqError IO."""
    while True:
        try:
            return os.readv(fd, [view])
        except BlockingIOError:             # whoever shares our stdin has made it non-blocking
            select.select((fd,), (), ())
        except OSError as error:
            raise HqError(f"cannot read: {os.strerror(error.errno or 0)}", IO) from None


def grow_pipe(fd: int) -> None:
    """A pipe of 1 MiB costs fewer wake-ups; where it is refused the pipe stays as it is."""
    import fcntl

    with suppress(OSError):
        fcntl.fcntl(fd, 1031, BUFFER)       # F_SETPIPE_SZ, Linux
