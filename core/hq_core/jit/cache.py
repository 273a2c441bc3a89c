"""The image cache: one private file a kernel, checked before it is mapped, published in one rename.

An image is machine code, so who could write it matters more than what it says: a folder or file that others
may write is ignored, with its parents; the checksum only guards against corruption.
"""
from __future__ import annotations

import ctypes
import os
import stat
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC = b"HQIMAGE1"
HEADER = 32             # magic, u64 offset of the entry, u64 bytes of code, u64 crc32 of all but itself
PAGE = 4096
_PROT_READ_EXEC, _MAP_PRIVATE = 5, 2

notes: list[str] = []   # why the cache was not used; shown with --debug and by `hq warm`


def folder() -> str:
    """Where images are kept: $HQ_CACHE, else hq under the XDG cache home; '' when there is no safe place."""
    path = os.environ.get("HQ_CACHE")
    if not path:
        base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
        path = os.path.join(base, "hq")
    try:
        os.makedirs(path, mode=0o700, exist_ok=True)
        _check_private(os.path.realpath(path))
    except (OSError, ValueError) as error:
        notes.append(f"cache {path} not used: {error}")
        return ""
    return path


def _check_private(path: str) -> None:
    while True:
        status = os.lstat(path)
        theirs = status.st_mode & 0o022 and not (status.st_mode & stat.S_ISVTX and status.st_uid == 0)
        if status.st_uid not in (os.geteuid(), 0) or theirs:
            raise ValueError(f"others may write {path}")
        parent = os.path.dirname(path)
        if parent == path:
            return
        path = parent


def find(name: str) -> int | None:
    """The entry address of the image `name`, or None when it must be compiled."""
    where = folder()
    if not where:
        return None
    try:
        fd = os.open(os.path.join(where, name + ".img"), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:                # a symbolic link, say
        notes.append(f"image {name} not used: {error}")
        return None
    try:
        status = os.fstat(fd)
        if status.st_uid not in (os.geteuid(), 0) or status.st_mode & 0o022:
            raise ValueError("others may write it")
        return _map(fd, status.st_size)
    except (OSError, ValueError) as error:
        notes.append(f"image {name} not used: {error}")
        return None
    finally:
        os.close(fd)


def _map(fd: int, size: int) -> int:
    content = os.pread(fd, size, 0)
    if len(content) < PAGE or content[:8] != MAGIC:
        raise ValueError("not an image")
    start, length, crc = (int.from_bytes(content[at : at + 8], "little") for at in (8, 16, 24))
    if PAGE + length != size or start >= length or zlib.crc32(content[PAGE:], start) != crc:
        raise ValueError("damaged")
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
    base = libc.mmap(None, length, _PROT_READ_EXEC, _MAP_PRIVATE, fd, PAGE)
    if base is None or base == 2**64 - 1:
        raise OSError(ctypes.get_errno(), "cannot map executable pages")
    return int(base) + start


def publish(name: str, code: bytes, start: int) -> int:
    """Write the image so that other processes see all of it or nothing, and map it."""
    head = MAGIC + b"".join(v.to_bytes(8, "little") for v in (start, len(code), zlib.crc32(code, start)))
    content = head.ljust(PAGE, b"\0") + code
    where = folder()
    if where:
        import tempfile

        try:
            fd, temporary = tempfile.mkstemp(dir=where, prefix=".")
            try:
                with os.fdopen(fd, "wb") as file:
                    file.write(content)
                os.chmod(temporary, 0o400)
                os.rename(temporary, os.path.join(where, name + ".img"))
            except BaseException:
                os.unlink(temporary)
                raise
        except OSError as error:
            notes.append(f"image {name} not kept: {error}")
        else:
            found = find(name)
            if found is not None:
                return found
    fd = os.memfd_create("hq", os.MFD_CLOEXEC)
    try:
        os.write(fd, content)
        return _map(fd, len(content))
    finally:
        os.close(fd)


@contextmanager
def lock(name: str) -> Iterator[None]:
    """One compiler at a time for each kernel; without a usable folder there is nobody to wait for."""
    where = folder()
    fd = -1
    if where:
        import fcntl

        try:
            flags = os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
            fd = os.open(os.path.join(where, name.partition("-")[0] + ".lock"), flags, 0o600)
            fcntl.flock(fd, fcntl.LOCK_EX)
        except OSError as error:
            notes.append(f"no lock for {name}: {error}")
    try:
        yield
    finally:
        if fd >= 0:
            os.close(fd)
