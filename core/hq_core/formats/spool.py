"""A stream put down in a file without a name, for formats that are read from their end."""
from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING, BinaryIO

from hq_core.errors import IO, HqError
from hq_core.formats.inflate import READ

if TYPE_CHECKING:
    from hq_core.formats.inflate import ByteStream

_kept: list[BinaryIO] = []      # a descriptor that is handed on must not be closed by its owner's end


def spooled(stream: ByteStream) -> BinaryIO:
    """The rest of a stream as a file at its beginning; it lies in TMPDIR and is gone when it is closed."""
    try:
        file: BinaryIO = tempfile.TemporaryFile()   # noqa: SIM115  lives as long as the process
        chunk = memoryview(bytearray(READ))
        while got := stream.readinto(chunk):
            file.write(chunk[:got])
        file.flush()
        file.seek(0)
    except OSError as error:
        raise HqError(f"cannot spool the input to {tempfile.gettempdir()}: {os.strerror(error.errno or 0)}", IO) from None
    _kept.append(file)
    return file
