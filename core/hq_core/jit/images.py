"""The images that came with the package: a file for each level of the processor, in which each kernel's code lies.

They are made where a wheel is built (scripts/release), so that a fresh machine compiles nothing and needs no compiler.
A kernel finds its own by a fingerprint of all that its code says, under this version of Python; which compiler made it
and what a user's cache holds does not matter.  The file is under that cache's rules: who may write it may run code.
"""

from __future__ import annotations

import ctypes
import os
import stat
import zlib
from typing import TYPE_CHECKING

from hq_core.jit import cache, machine
from hq_core.jit.declare import fingerprint
from hq_core.jit.place import check

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hq_core.jit.declare import Kernel

MAGIC = b"HQIMAGES"  # then u64 number of images, and a record each, by fingerprint
HEAD = 16
RECORD = (
    40  # 16 bytes of fingerprint, u64 where the code lies, u64 its bytes, u32 where its entry lies in it, u32 crc32
)
ALIGNED = 64  # as the widest constants of the code
MOST = 1 << 26

_packs: dict[str, Pack | None] = {}


class Pack:
    """A file of images that is mapped; the code of each is looked at once, when it is asked for."""

    def __init__(self, path: str) -> None:
        check(path)
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            status = os.fstat(fd)
            if not stat.S_ISREG(status.st_mode) or not HEAD <= status.st_size <= MOST:
                raise ValueError("not a file of images")
            self._size = status.st_size
            self._base = cache.mapped(fd, self._size, 0)
        finally:
            os.close(fd)
        self._bytes = memoryview((ctypes.c_char * self._size).from_address(self._base)).cast("B")
        self._count = int.from_bytes(self._bytes[8:HEAD], "little")
        if self._bytes[:8] != MAGIC or HEAD + RECORD * self._count > self._size:
            raise ValueError("not a file of images")

    def find(self, digest: bytes) -> int | None:
        """The address of the entry of a kernel with that fingerprint.  Raises ValueError for damaged code."""
        low, high = 0, self._count
        while low < high:
            middle = (low + high) // 2
            if self._record(middle)[:16] < digest:
                low = middle + 1
            else:
                high = middle
        if low == self._count or self._record(low)[:16] != digest:
            return None
        record = self._record(low)
        at, size, start, crc = (
            int.from_bytes(record[a:b], "little") for a, b in ((16, 24), (24, 32), (32, 36), (36, 40))
        )
        if at + size > self._size or start >= size or zlib.crc32(self._bytes[at : at + size], start) != crc:
            raise ValueError("damaged")
        return self._base + at + start

    def _record(self, number: int) -> bytes:
        at = HEAD + RECORD * number
        return bytes(self._bytes[at : at + RECORD])


def packed(images: Iterable[tuple[bytes, bytes, int]]) -> bytes:
    """A file of images: (fingerprint, code, where its entry lies in it) of each."""
    images = sorted(images)
    at = _aligned(HEAD + RECORD * len(images))
    head, code = MAGIC + len(images).to_bytes(8, "little"), b""
    for digest, content, start in images:
        place = at + len(code)
        numbers = (place, 8), (len(content), 8), (start, 4), (zlib.crc32(content, start), 4)
        head += digest + b"".join(value.to_bytes(wide, "little") for value, wide in numbers)
        code += content.ljust(_aligned(len(content)), b"\xcc")
    return head.ljust(at, b"\0") + code


def _aligned(size: int) -> int:
    return size + ALIGNED - 1 & -ALIGNED


def path_of(level: str) -> str:
    """Where the images for a level of the processor lie, if any came with the package."""
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), f"{level}.images")


def digest_of(kernel: Kernel) -> bytes:
    """What a kernel is found by."""
    return bytes.fromhex(fingerprint(kernel, machine.build_salt()))


def find(kernel: Kernel) -> int | None:
    """The address of a kernel's entry; None where no image of it came with the package."""
    level = machine.processor()
    if level not in _packs:
        _packs[level] = _opened(path_of(level))
    pack = _packs[level]
    if pack is None:
        return None
    try:
        return pack.find(digest_of(kernel))
    except ValueError as error:
        cache.note(f"image of {kernel.name} that came with hq not used: {error}")
        return None


def _opened(path: str) -> Pack | None:
    try:
        return Pack(path)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        cache.note(f"images {path} not used: {error}")
        return None
