"""State files: written whole or not at all, and refused when anything about them does not fit.

The file is a magic, the BLAKE2b digest of the rest, and one msgpack map:
command, version, options, inputs (digests of files), input {bytes, rows, ended, source}, output {bytes, closed}, stage.
"""
from __future__ import annotations

import os
from typing import Any

import msgpack

from hq_core import VERSION
from hq_core.errors import CONFIG, DATA, IO, HqError

MAGIC = b"hqstate1"
LIMIT = 1 << 30


def read(path: str) -> dict[str, Any] | None:
    """The checked content, or None where there is no file yet."""
    try:
        with open(path, "rb") as file:
            content = file.read(LIMIT)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise HqError(f"state {path}: cannot read: {error.strerror}", IO) from None
    if content[:8] != MAGIC:
        raise HqError(f"state {path}: is not a state file of this version", DATA)
    if _digest(content[40:]) != content[8:40]:
        raise HqError(f"state {path}: is damaged, its checksum does not match; remove it to start anew", DATA)
    loaded: dict[str, Any] = msgpack.unpackb(content[40:], strict_map_key=False)
    return loaded


def write(path: str, content: dict[str, Any]) -> None:
    """Replace `path`: a temporary file, fsync, rename, fsync of the folder."""
    packed = msgpack.packb(content)
    folder = os.path.dirname(os.path.abspath(path))
    temporary = f"{path}.tmp"           # one writer a state file, so a left-over of a killed run is overwritten
    try:
        with open(temporary, "wb") as file:
            file.write(MAGIC + _digest(packed) + packed)
            file.flush()
            os.fsync(file.fileno())
        os.rename(temporary, path)
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
    except OSError as error:
        raise HqError(f"state {path}: cannot write: {error.strerror}", IO) from None


def check(path: str, content: dict[str, Any], command: str, options: dict[str, Any], inputs: dict[str, str]) -> None:
    """Refuse the state of another command, or of the same one asked for something else."""
    if content["command"] != command:
        raise HqError(f"state {path}: belongs to {content['command']}", CONFIG)
    if content["version"] != VERSION:
        raise HqError(f"state {path}: was written by hq {content['version']}, this is hq {VERSION}; start anew", CONFIG)
    for what, saved, given in (("option", content["options"], options), ("file of option", content["inputs"], inputs)):
        for name in sorted({*saved, *given}):
            if saved.get(name) != given.get(name):
                raise HqError(
                    f"state {path}: {what} {name} was {saved.get(name)}, now {given.get(name)}; "
                    "use another state file for another command line", CONFIG,
                )


def _digest(content: bytes) -> bytes:
    from _blake2 import blake2b

    return blake2b(content, digest_size=32).digest()
