"""A stream put down in a file without a name, for formats that are read from their end."""

from __future__ import annotations

import io
import os
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hq_core.errors import IO, HqError
from hq_core.formats.byte_stream import READ

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hq_core.formats.byte_stream import ByteStream


class Unnamed(io.FileIO):
    """A file that lives as long as this object."""

    def __del__(self) -> None:
        self.close()


def temporary() -> Unnamed:
    """A file without a name in TMPDIR, unbuffered."""
    with spooling(), tempfile.TemporaryFile(buffering=0) as file:
        return Unnamed(os.dup(file.fileno()), "r+b")


@contextmanager
def spooling() -> Iterator[None]:
    """What a write to a temporary file may meet, with the folder and what to do."""
    try:
        yield
    except OSError as error:
        where = tempfile.tempdir or os.environ.get("TMPDIR") or "/tmp"
        raise HqError(f"cannot spool to {where}: {error.strerror or error}; TMPDIR names another folder", IO) from None


def write_all(file: Unnamed, data: memoryview) -> None:
    """All of the bytes: an unbuffered file may take a part."""
    with spooling():
        while data:
            data = data[file.write(data) :]


def spooled(stream: ByteStream) -> Unnamed:
    """The rest of a stream as a file at its beginning."""
    chunk = memoryview(bytearray(READ))
    file = temporary()
    while got := stream.readinto(chunk):
        write_all(file, chunk[:got])
    file.seek(0)
    return file


def laid(stream: ByteStream) -> Unnamed:
    """The rest of a stream as a file: the regular file that it is, opened anew, or put down."""
    if stream.at_start:
        try:
            file = Unnamed(os.open(f"/proc/self/fd/{stream.fd}", os.O_RDONLY | os.O_CLOEXEC), "rb")
        except OSError:  # no /proc, or it may be read by whoever opened it alone
            return spooled(stream)
        os.lseek(stream.fd, 0, os.SEEK_END)  # as if it had been read
        return file
    return spooled(stream)
