"""Files that are opened by name: whose they are, read whole within a bound, replaced whole or not at all.

What is replaced is written beside it under a name that nobody can foresee, and renamed. So a symbolic link is never
followed, a device or pipe never replaced, and a reader sees the old file or the new one.
"""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from hq_core.errors import CONFIG, DATA, IO, NOINPUT, USAGE, HqError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hq_core.errors import Phrase

LETTERS = 8  # of the name under which a file is written
LINKS = 40  # symbolic links on the way to a file, as the kernel has it
STDIN = ("-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")  # names of it where a file is named
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
    stat.S_IFLNK: "a symbolic link",
}


def to_read(path: str, flags: int = 0) -> int:
    """A descriptor of what is there.  Raises HqError NOINPUT."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | flags)
    except OSError as error:
        raise HqError(f"{path}: {error.strerror}", NOINPUT) from None
    if stat.S_ISDIR(os.fstat(fd).st_mode):
        os.close(fd)
        raise HqError(f"{path}: is a folder; name its files", NOINPUT)
    return fd


def read_whole(path: str, limit: int, what: Phrase = "") -> bytes:
    """All bytes of a file or pipe, at most `limit`; - is stdin.  `what` stands before the path in errors."""
    named: Phrase = (what, f": {path}") if what else path
    return _read(0 if path == "-" else path, limit, named)


def read_beside(path: str, limit: int, option: Phrase) -> bytes:
    """As `read_whole`, of what an option names beside a stream on stdin; HqError USAGE where it names that."""
    if path in STDIN:
        raise HqError("stdin is the stream; name a file", USAGE, subject=(option, f" {path}"))
    return read_whole(path, limit, option)


def _read(file: str | int, limit: int, named: Phrase) -> bytes:
    """Of a path, or of a descriptor, which stays open."""
    try:
        with open(file, "rb", closefd=isinstance(file, str)) as opened:
            content = opened.read(limit + 1)
    except OSError as error:
        raise HqError(error.strerror or "cannot be read", NOINPUT, subject=named) from None
    if len(content) > limit:
        raise HqError(f"has more than {limit} bytes", DATA, subject=named)
    return content


def read_file(path: str, limit: int) -> bytes:
    """All bytes of a regular file, at most `limit`: a pipe or a device may never end.  Raises HqError."""
    fd = to_read(path, os.O_NONBLOCK)  # a pipe that nobody writes to is opened at once
    try:
        only_a_file(path, os.fstat(fd).st_mode, "name a file")
        return _read(fd, limit, path)
    finally:
        os.close(fd)


def folder_of(path: str) -> str:
    return os.path.dirname(path) or "."


def only_a_file(path: str, mode: int, rule: str) -> None:
    """Refuse what is no regular file, by its mode."""
    if not stat.S_ISREG(mode):
        kind = _KINDS.get(stat.S_IFMT(mode), "no file")
        raise HqError(f"{path}: is {kind}; {rule}", CONFIG)


def ours(path: str, of: os.stat_result) -> None:
    """Refuse what others own or may write: neither this user's nor root's alone."""
    if of.st_uid not in (os.geteuid(), 0):
        raise HqError(f"{path}: belongs to user {of.st_uid}, not to you or root, and may say anything", CONFIG)
    if of.st_mode & 0o022:
        raise HqError(
            f"{path}: its mode {of.st_mode & 0o777:03o} lets others write it; chmod go-w it if you trust it", CONFIG
        )


class TooManyLinks(ValueError):
    """A way that leads over more symbolic links than the kernel follows, or round and round."""


def way(path: str) -> Iterator[tuple[str, os.stat_result, bool]]:
    """The folders and links that an absolute path leads over, from / on: the place and status of each, and whether the
    way ends there.

    Raises OSError where there is nothing, and TooManyLinks.
    """
    here, rest, links, ended = "/", path.split("/")[::-1], 0, False
    yield here, os.lstat(here), False
    while rest:
        step = rest.pop()
        if step in ("", "."):
            continue
        there = os.path.dirname(here) if step == ".." else os.path.join(here, step)
        found = os.lstat(there)
        link = stat.S_ISLNK(found.st_mode)
        ended = not link and not any(rest)
        yield there, found, ended
        if not link:
            here = there
            continue
        links += 1
        if links > LINKS:
            raise TooManyLinks(f"too many symbolic links at {there}")
        target = os.readlink(there)
        rest += target.split("/")[::-1]
        here = "/" if target.startswith("/") else here
    if not ended:  # the path, or its last link, leads to / or ends with a dot
        yield here, os.lstat(here), True


def way_to(path: str, what: str) -> None:
    """Refuse a way to `path` that leads over a symbolic link of other users, who may turn it elsewhere."""
    try:
        for there, found, _ in way(os.path.abspath(folder_of(path))):
            if stat.S_ISLNK(found.st_mode) and found.st_uid not in (os.geteuid(), 0):
                raise HqError(f"{what}: leads over {there}, a symbolic link of user {found.st_uid}", CONFIG)
    except TooManyLinks:
        raise HqError(f"{what}: leads over too many symbolic links", CONFIG) from None


@contextmanager
def replacing(path: str, mode: int, what: str, rule: str = "name a file") -> Iterator[int]:
    """A descriptor to write to; what was written stands at `path` when the block has ended, nothing new if it fails.

    mode   of a new file; one that is replaced gives its own on
    what   stands for the path in errors; rule: what to do about a path that is no regular file
    """
    name = os.path.basename(path)
    folder, temporary, fd = _begin(path, name, mode, what, rule)
    try:
        yield fd
        try:
            os.fsync(fd)
            os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
            temporary = ""
            os.fsync(folder)
        except OSError as error:
            raise cannot_write(what, error) from None
    finally:
        os.close(fd)
        if temporary:
            os.unlink(temporary, dir_fd=folder)
        os.close(folder)


def cannot_write(what: str, error: OSError) -> HqError:
    return HqError(f"{what}: cannot write: {error.strerror}", IO)


def _begin(path: str, name: str, mode: int, what: str, rule: str) -> tuple[int, str, int]:
    """The folder, and a new file in it that only this user can read until it has its mode: name and descriptor."""
    folder = -1
    try:
        folder = os.open(folder_of(path), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        mode = _mode(name, folder, mode, what, rule)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        temporary = f"{beside(name)}{os.urandom(LETTERS // 2).hex()}"
        fd = os.open(temporary, flags, 0o600, dir_fd=folder)
        os.fchmod(fd, mode)
        return folder, temporary, fd
    except BaseException as error:
        if folder >= 0:
            os.close(folder)
        if isinstance(error, OSError):
            raise cannot_write(what, error) from None
        raise


def _mode(name: str, folder: int, mode: int, what: str, rule: str) -> int:
    """The mode of what is written to `name`."""
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return mode
    only_a_file(what, found.st_mode, rule)
    return stat.S_IMODE(found.st_mode) & 0o777


def beside(name: str) -> str:
    """How the names begin under which a file is written, LETTERS more follow: what a killed process leaves behind."""
    return f".{name}."


def sweep(path: str) -> None:
    """Remove what killed processes left of writing `path`; nobody else may be writing it."""
    begins = beside(os.path.basename(path))
    for name in os.listdir(folder_of(path)):
        rest = name.removeprefix(begins)
        if rest != name and len(rest) == LETTERS and not rest.strip("0123456789abcdef"):
            with suppress(OSError):
                os.unlink(os.path.join(folder_of(path), name))


def umask() -> int:
    """The process's; there is no way to read it alone."""
    before = os.umask(0o077)
    os.umask(before)
    return before
