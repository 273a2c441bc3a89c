"""Bytes as commands meet them: on a descriptor, exported, as the files of a zip."""

from __future__ import annotations

import io
import os
import zipfile

from hq_core.stages.export import Export
from hq_core.wire import Reader


def descriptor(data: bytes) -> int:
    """A file of these bytes, at its beginning."""
    fd = os.memfd_create("input")
    os.write(fd, data)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def exported(stream: bytes, format_: str, **options) -> bytes:
    """What hq-export writes of a stream."""
    fd, to = descriptor(stream), os.memfd_create("output")
    try:
        Export(format_, to, **options).run(Reader(fd))
        return os.pread(to, os.fstat(to).st_size, 0)
    finally:
        os.close(fd)
        os.close(to)


def archive(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of named files."""
    to = io.BytesIO()
    with zipfile.ZipFile(to, "w", method) as opened:
        for name, data in files:
            opened.writestr(name, data)
    return to.getvalue()
