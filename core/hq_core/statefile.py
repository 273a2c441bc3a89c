"""State files: written whole or not at all, for one process at a time, refused when anything about them does not fit.

The file is a magic, the BLAKE2b digest of the rest, and one msgpack map, see CONTENT.  The digest finds accidents, not
malice, so a state is trusted as a program is: it must belong to this user or root, who alone may write it.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgpack

from hq_core import VERSION, files
from hq_core.batch import SCHEMA
from hq_core.errors import CONFIG, DATA, IO, NOINPUT, TEMP, USAGE, HqError
from hq_core.options import StateOptions
from hq_core.saved import Count, Damaged, shaped, taking

if TYPE_CHECKING:
    from hq_core.errors import Phrase

MAGIC = b"hqstate1"
HEAD = 40  # bytes: the magic and the digest
LIMIT = 1 << 30
PIECE = 1 << 20
FILE_ONLY = "a state is a file of its own, under its own name"
# panel, rows, columns, symbols, numbers of rows that wait for the rest of their ts; whether their file has ended
WAITING = [(SCHEMA, Count, [bytes], [str], (int, int, Count), bool)]
ORDER = {"series": {str: [int]}, "panels": {str: (Count, int, str)}}  # of what hq_core.order saves
CONTENT = {
    "command": str,
    "version": str,
    "options": {str: object},
    "inputs": {str: str},  # inputs: digests of files
    "input": {"bytes": Count, "rows": Count, "ended": bool, "format": str, "source": {str: object}},
    "output": {"bytes": Count, "closed": bool},
    "section": Count,
    "dropped": {str: Count},
    "holes": {str: {"bars": Count, "rows": Count, "first": int}},
    "order": ORDER,
    "waiting": WAITING,
    "apart": bool,
    "stage": {str: object},
}


def read(path: str, trusted: bool = True) -> dict[str, Any] | None:
    """The checked content, or None where there is no file yet.

    trusted   False: it is only to be looked at, so it may be anyone's
    """
    try:
        look(path, trusted)
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise HqError(f"state {path}: cannot read: {error.strerror}", IO) from None
    try:
        found = os.fstat(fd)
        _fit(path, found, trusted)
        packed = _packed(path, fd, found.st_size)
    except OSError as error:
        raise HqError(f"state {path}: cannot read: {error.strerror}", IO) from None
    finally:
        os.close(fd)
    try:
        with taking():
            return _content(path, packed)
    except Damaged as error:
        raise damaged(path, error) from error


def look(path: str, trusted: bool = True) -> None:
    """Refuse what cannot be a state by its kind, or by whose it is.  Raises OSError where there is nothing."""
    if trusted:
        files.way_to(path, f"state {path}")
    _fit(path, os.lstat(path), trusted)


def _fit(path: str, found: os.stat_result, trusted: bool) -> None:
    files.only_a_file(f"state {path}", found.st_mode, FILE_ONLY)
    if trusted:
        files.ours(f"state {path}", found)


def _packed(path: str, fd: int, size: int) -> bytes:
    """What comes after the digest, which is looked at before so much memory is taken."""
    head = os.read(fd, HEAD)
    if head[:8] != MAGIC:
        raise HqError(
            f"state {path}: is not a state file of this version of hq; remove it to start anew, or name another file",
            DATA,
        )
    if size > LIMIT:
        raise HqError(f"state {path}: has {size} bytes, a state has at most {LIMIT}; remove it to start anew", DATA)
    whole = _blake()
    at = HEAD
    while piece := os.pread(fd, PIECE, at):
        whole.update(piece)
        at += len(piece)
        if at > size:
            break
    if whole.digest() != head[8:]:
        raise HqError(f"state {path}: is damaged, its checksum does not match; remove it to start anew", DATA)
    with open(fd, "rb", closefd=False) as file:
        return file.read(size)


def _content(path: str, packed: bytes) -> dict[str, Any]:
    found = msgpack.unpackb(packed, strict_map_key=False)
    version = found["version"]
    if type(version) is str and version != VERSION:
        raise HqError(
            f"state {path}: was written by hq {version}, this is hq {VERSION}; "
            "go on with that version, or remove the state to start anew",
            CONFIG,
        )
    content: dict[str, Any] = shaped(found, CONTENT)
    return content


def damaged(path: str, why: Damaged) -> HqError:
    return HqError(f"state {path}: is damaged: {why}; remove it to start anew", DATA)


def write(path: str, content: dict[str, Any]) -> None:
    """Replace `path` (files.replacing), for its owner alone if it is new."""
    packed = msgpack.packb(content)
    if len(packed) > LIMIT:
        raise HqError(f"state {path}: would have {len(packed)} bytes, a state has at most {LIMIT}", DATA)
    what = f"state {path}"
    with files.replacing(path, 0o600, what, FILE_ONLY) as fd:
        try:
            with open(fd, "wb", closefd=False) as file:
                file.write(MAGIC + digest(packed) + packed)
        except OSError as error:
            raise files.cannot_write(what, error) from None


class Lock:
    """That no second process uses a state: a file beside it, locked as long as this process lives or until `close`.

    The state itself cannot be the lock, as it is another file after each write.  What could only be found out at the
    end of a run, a folder that is not there or cannot be written, is said here.
    """

    def __init__(self, path: str) -> None:
        if not path:
            raise HqError((StateOptions.state, " is empty"), USAGE, rule="must be the name of a file")
        self._fd = -1
        self._path = os.path.join(files.folder_of(path), f".{os.path.basename(path)}.lockfile")
        try:
            with suppress(FileNotFoundError):
                look(path)
            while not self._taken(path):
                pass
            files.sweep(path)
        except OSError as error:
            self.close()
            raise _cannot_keep(path, error) from None

    def _taken(self, path: str) -> bool:
        """Take the lock; False where its file was removed meanwhile by the process that had it."""
        import fcntl

        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        fd = os.open(self._path, flags, 0o600)
        try:
            found = os.fstat(fd)
            files.only_a_file(self._path, found.st_mode, "remove it")
            files.ours(self._path, found)
            if found.st_nlink > 1:
                raise HqError(f"{self._path}: has a second name elsewhere; remove it", CONFIG)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.read(fd, 20).decode("ascii", "replace").strip() or "another one"
                raise HqError(
                    f"state {path}: is in use by process {holder}; wait for its end, or name another file", TEMP
                ) from None
            if not _same(self._path, found):
                return False
            os.ftruncate(fd, 0)
            os.write(fd, b"%d\n" % os.getpid())
            self._fd, fd = fd, -1
            return True
        finally:
            if fd >= 0:
                os.close(fd)

    def close(self) -> None:
        """Give the state free, and leave nothing behind."""
        if self._fd >= 0:
            with suppress(OSError):
                os.unlink(self._path)  # while it is locked: who waits for it sees that it is gone
            os.close(self._fd)
            self._fd = -1


def _same(path: str, found: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.lstat(path), found)
    except FileNotFoundError:
        return False


def _cannot_keep(path: str, error: OSError) -> HqError:
    folder = files.folder_of(path)
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        return HqError(f"state {path}: there is no folder {folder}", NOINPUT)
    return HqError(f"state {path}: cannot be kept in folder {folder}: {error.strerror}", CONFIG)


def check(
    path: str, content: dict[str, Any], command: str, options: dict[str, Any], inputs: dict[str, str], left: Phrase = ""
) -> None:
    """Refuse the state of another command, or of the same one asked for something else.

    left  what else is to be done with a state that is left for another one
    """
    if content["command"] != command:
        raise HqError(f"state {path}: belongs to {content['command']}", CONFIG)
    other = "use another state file"
    for what, saved, given, hint in (
        ("option", content["options"], options, f"{other} for another command line"),
        ("content of", content["inputs"], inputs, f"go on with what it was, or {other}"),
    ):
        for name in sorted({*saved, *given}):
            if saved.get(name) != given.get(name):
                raise HqError(
                    f"state {path}: {what} {name} was {saved.get(name)!s:.200}, now {given.get(name)}",
                    CONFIG,
                    hint=(hint, left),
                )


def digest(data: bytes) -> bytes:
    """BLAKE2b of some bytes, 32 bytes."""
    found = _blake()
    found.update(data)
    made: bytes = found.digest()
    return made


def _blake() -> Any:
    from _blake2 import blake2b

    return blake2b(digest_size=32)
