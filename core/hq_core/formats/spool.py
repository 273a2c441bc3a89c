"""A stream put down in a file without a name, for formats that are read from their end."""
from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING, BinaryIO

from hq_core.errors import IO, HqError
from hq_core.formats.inflate import READ

if TYPE_CHECKING:
    from hq_core.formats.inflate import ByteStream


def spooled(stream: ByteStream) -> BinaryIO:
    """The rest of a stream as a file at its beginning; it lies in TMPDIR and lives as long as the process."""
    try:
        chunk = memoryview(bytearray(READ))
        with tempfile.TemporaryFile(buffering=0) as file:
            while got := stream.readinto(chunk):
                file.write(chunk[:got])
            fd = os.dup(file.fileno())
        os.lseek(fd, 0, os.SEEK_SET)
    except OSError as error:
        raise HqError(f"cannot spool the input to {tempfile.gettempdir()}: {error.strerror}", IO) from None
    return open(fd, "rb", closefd=False)    # noqa: SIM115  the descriptor may be handed on
