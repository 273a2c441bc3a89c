"""The image cache: one private file a kernel, checked before it is mapped, published in one rename.

An image is machine code, so who could write it matters more than what it says: `place` sees to that.  The name in
the header keeps one kernel from running as another; the checksum only guards against corruption.
"""

from __future__ import annotations

import ctypes
import os
import stat
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hq_core import hooks
from hq_core.jit.place import place
from hq_core.jit.spent import spent

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC = b"HQIMAGE2"  # then u64 offset of the entry, u64 bytes of code, u64 crc32 of name and code, the name
HEADER = 32
PAGE = 4096
MOST = 1 << 22  # bytes; the largest image has some tens of thousands
PATIENCE_S = 3.0  # of silence while another process compiles the same kernel
LONGEST_S = 5.0  # of its taking no processor time, after which it is compiled here too: it is stopped, or hangs
_PROT_READ_EXEC, _MAP_PRIVATE = 5, 2

notes: list[str] = []  # why the cache was not used; shown with --debug and by `hq warm`


def note(text: str) -> None:
    if text not in notes:
        notes.append(text)


def folder() -> str:
    """Where images are kept; '' when there is no safe place, which is noted."""
    path, why = place()
    if why:
        note(why)
    return path


def writable() -> bool:
    """Whether an image could be kept; why not is noted."""
    where = folder()
    if not where:
        return False
    import tempfile

    try:
        with tempfile.NamedTemporaryFile(dir=where, prefix=".", buffering=0) as file:
            file.write(bytes(PAGE))
    except OSError as error:
        note(f"nothing kept in {where}: {error}")
        return False
    return True


def find(name: str) -> int | str | None:
    """The entry address of the image `name`, or why none can be made of this kernel; None when nobody has tried."""
    where = folder()
    if not where:
        return None
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # the open of a FIFO would wait
    try:
        fd = os.open(os.path.join(where, name + ".img"), flags)
    except FileNotFoundError:
        return None
    except OSError as error:  # a symbolic link, say
        note(f"image {name} not used: {error}")
        return None
    try:
        status = os.fstat(fd)
        if status.st_uid not in (os.geteuid(), 0) or status.st_mode & 0o022:
            raise ValueError("others may write it")
        if not stat.S_ISREG(status.st_mode) or not PAGE < status.st_size <= MOST:
            raise ValueError("not an image")
        return _map(fd, status.st_size, name)
    except (OSError, ValueError) as error:
        note(f"image {name} not used: {error}")
        return None
    finally:
        os.close(fd)


def _map(fd: int, size: int, name: str) -> int | str:
    content = os.pread(fd, size, 0)
    if len(content) != size:
        raise ValueError("not an image")
    code, start = parted(content, name)
    return code.decode() if start == len(code) else mapped(fd, len(code), PAGE) + start


def parted(content: bytes, name: str) -> tuple[bytes, int]:
    """The code of an image's file and where its entry lies; behind it where the file says why there is no image.

    Raises ValueError where it is not that of the kernel `name`.
    """
    if content[:8] != MAGIC:
        raise ValueError("not an image")
    start, length = (int.from_bytes(content[at : at + 8], "little") for at in (8, 16))
    code = content[PAGE:]
    if len(code) != length or start > length or content[:PAGE] != _head(name, code, start):
        raise ValueError("damaged, or another kernel's")
    return code, start


def mapped(fd: int, length: int, offset: int) -> int:
    """The address of bytes of a file, to be read and run.  Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
    base = libc.mmap(None, length, _PROT_READ_EXEC, _MAP_PRIVATE, fd, offset)
    if base is None or base == 2**64 - 1:
        raise OSError(ctypes.get_errno(), "cannot map executable pages")
    return int(base)


def _head(name: str, code: bytes, start: int) -> bytes:
    numbers = (start, len(code), zlib.crc32(code, start))
    return (MAGIC + b"".join(v.to_bytes(8, "little") for v in numbers) + name.encode()).ljust(PAGE, b"\0")


def refuse(name: str, why: str) -> None:
    """Keep for later runs that no image can be made of this kernel: a file with the reason in the code's place."""
    _keep(name, why.encode(), len(why.encode()))


def publish(name: str, code: bytes, start: int) -> int:
    """Write the image so that other processes see all of it or nothing, and map it."""
    _keep(name, code, start)
    found = find(name)
    if isinstance(found, int):
        return found
    content = _head(name, code, start) + code
    fd = os.memfd_create("hq", os.MFD_CLOEXEC)
    try:
        os.write(fd, content)
        return int(_map(fd, len(content), name))
    finally:
        os.close(fd)


def _keep(name: str, code: bytes, start: int) -> None:
    where = folder()
    if not where:
        return
    import tempfile

    try:
        fd, temporary = tempfile.mkstemp(dir=where, prefix=".")
        try:
            with os.fdopen(fd, "wb") as file:
                file.write(_head(name, code, start) + code)
            os.chmod(temporary, 0o400)
            os.rename(temporary, os.path.join(where, name + ".img"))
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        note(f"image {name} not kept: {error}")


@contextmanager
def lock(name: str, patient: bool = True) -> Iterator[bool]:
    """One compiler at a time for each kernel; without a usable folder there is nobody to wait for.

    patient   wait for another process that has it, as long as it is at work; else False is given where one has
    """
    import fcntl

    where = folder()
    fd = -1
    taken = True
    if where:
        kernel = name.partition("-")[0]
        flags = os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            fd = os.open(os.path.join(where, kernel + ".lock"), flags, 0o600)
            if patient:
                _wait(fd, kernel)
            else:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(fd, 0)
            os.pwrite(fd, str(os.getpid()).encode(), 0)  # for whoever waits for us
        except BlockingIOError:
            taken = False
        except OSError as error:
            note(f"no lock for {name}: {error}")
    try:
        yield taken
    finally:
        if fd >= 0:
            os.close(fd)


def _wait(fd: int, kernel: str) -> None:
    """Take the lock; a holder that has not let it go after PATIENCE_S is told of, once.

    Raises BlockingIOError where it is stopped or hangs.
    """
    import fcntl
    import time

    since = at_work = time.monotonic()
    taken = 0.0
    told = hooks.waiting is None
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            now = time.monotonic()
            said = os.pread(fd, 20, 0).decode("ascii", "replace")
            holder = said if said.isdecimal() else ""
            before, taken = taken, spent(int(holder)) if holder else 0.0
            if taken != before:
                at_work = now
            if now - at_work > LONGEST_S:
                raise
            if not told and hooks.waiting is not None and now - since > PATIENCE_S:
                told = True
                hooks.waiting(kernel, holder)
        if hooks.stop is not None:
            hooks.stop()
        time.sleep(0.01)
