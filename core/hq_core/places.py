"""Inputs by their names: opened, and with a state read on where it left them."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Any

from hq_core import files, statefile
from hq_core.errors import CONFIG, DATA, NOINPUT, HqError
from hq_core.flow import open_input
from hq_core.saved import LAST as LAST_TS
from hq_core.saved import Count, Damaged, shaped, taking
from hq_core.statefile import digest
from hq_core.wire.frame import patience

if TYPE_CHECKING:
    from hq_core.errors import Phrase
    from hq_core.flow import State
    from hq_core.roles import Source

LAST = 16384  # bytes before an offset by which it is seen that a file is still the one that was read
SHAPE = {"name": str, "bytes": Count, "last": bytes, "format": str, "source": {str: object}}


class Opened:
    """One input.

    name    in messages; '' where it is stdin alone
    fd      what it is read from
    stream  what comes is given by whoever writes it, with a state too; a file is read on from its offset
    before  bytes that were read in the runs before
    saved   what a state holds of its source; None: it begins
    """

    def __init__(
        self,
        name: str,
        source: Source,
        fd: int,
        stream: bool = True,
        before: int = 0,
        saved: dict[str, Any] | None = None,
    ) -> None:
        self.name = name
        self.source = source
        self.fd = fd
        self.stream = stream
        self.before = before
        self.saved = saved

    def save(self) -> dict[str, Any]:
        read = self.before + self.source.position
        return {
            "name": self.name,
            "bytes": read,
            "last": b"" if self.stream else _last(self.fd, read),
            "format": type(self.source).__name__,
            "source": self.source.save(),
        }


def opened(path: str, stdin: int, saved: dict[str, Any] | None = None, midway: bool = False) -> Opened:
    """An input by its name; '' is stdin, and so are all names of it.

    saved   what a state holds of it
    midway  the state was left before the inputs had ended: of a stream comes the rest, and not what follows it

    Raises HqError NOINPUT where there is nothing, DATA where a file is not the one that the state knows.
    """
    from_stdin = not path or path in files.STDIN
    fd = stdin if from_stdin else _open(path)
    stream = from_stdin or not stat.S_ISREG(os.fstat(fd).st_mode)
    try:
        if saved is None or (stream and not midway):
            return Opened(path, open_input(fd), fd, stream)
        if not stream:
            _go_to(fd, saved)
        return Opened(path, _rest(fd, saved, stream), fd, stream, saved["bytes"], saved["source"])
    except HqError as error:
        raise error.within(path) if path else error from None


def _open(path: str) -> int:
    """A named pipe that nobody writes to is waited for when it is opened; with patience, when it is read."""
    if not patience.seconds:
        return files.to_read(path)
    fd = files.to_read(path, os.O_NONBLOCK)
    os.set_blocking(fd, True)
    return fd


def read_on(one: Opened) -> None:
    """Refuse an input whose form cannot be read on from an offset.  Raises HqError CONFIG."""
    from hq_core.formats.sniff import GO_ON

    source = one.source
    packed = getattr(source, "fd", one.fd) != one.fd or getattr(getattr(source, "stream", None), "packed", False)
    if packed or type(source).__name__ not in GO_ON:
        form = "is packed" if packed else f"is read by {type(source).__name__} as a whole"
        raise HqError(
            f"{one.name or 'stdin'}: {form}, so it cannot be read on from where a state leaves it; "
            "hq-import makes frames of it",
            CONFIG,
        )


def _rest(fd: int, saved: dict[str, Any], stream: bool) -> Source:
    """The source of what comes behind an offset; it may be nothing."""
    from hq_core.formats import source_at_end

    was = saved["format"]
    if stream:
        try:
            source = open_input(fd)
        except HqError as error:
            if error.code != NOINPUT:
                raise
        else:
            if type(source).__name__ != was:
                raise HqError(f"the state was reading {was} there, now {type(source).__name__} comes", DATA)
            return source
    rest: Source = source_at_end(was, fd)
    return rest


def _go_to(fd: int, saved: dict[str, Any]) -> None:
    """To the offset of a file that is the one that was read, or has grown since."""
    size, before = os.fstat(fd).st_size, saved["bytes"]
    if size < before:
        raise HqError(f"has {size} bytes, and the state has read {before}: it was cut, or is another file", DATA)
    if _last(fd, before) != saved["last"]:
        raise HqError(f"is another file: the bytes before byte {before}, up to which the state has read, differ", DATA)
    if saved["format"] == "CsvSource" and before:
        around = os.pread(fd, 2, before - 1)
        if around[:1] != b"\n" and around[1:] not in (b"", b"\n", b"\r"):
            raise HqError(f"goes on at byte {before} inside the line that was its last", DATA)
    os.lseek(fd, before, os.SEEK_SET)


def _last(fd: int, before: int) -> bytes:
    start = max(0, before - LAST)
    return digest(os.pread(fd, before - start, start))


def resumed(names: tuple[str, ...], stdin: int, state: State) -> list[Opened]:
    """The inputs from where a state left them.

    Raises HqError CONFIG where it is that of another command line, or of a merge that is over; Damaged.
    """
    from hq_core.formats.sniff import GO_ON
    from hq_core.options.merge import MergeOptions

    loaded = state.loaded or {}
    left: Phrase = (", and ", MergeOptions.final, " for what waits in this one")
    statefile.check(state.path, loaded, "hq-merge", state.options, {}, left)
    try:
        with taking():
            held = loaded["input"]["source"]
            over = held["frontier"] == LAST_TS
            found = [shaped({key: one[key] for key in SHAPE}, SHAPE) for one in held["inputs"]]
            if [one["name"] for one in found] != list(names):
                raise Damaged(f"its inputs are {', '.join(one['name'] for one in found)}")
            for one in found:
                if one["format"] not in GO_ON:
                    raise Damaged(f"{one['name']} was read as {one['format']}")
    except Damaged as error:
        raise statefile.damaged(state.path, error) from error
    if over:
        raise HqError(
            f"state {state.path}: --final has ended it: nothing comes behind what was written; name another file",
            CONFIG,
        )
    return [opened(name, stdin, one, state.midway) for name, one in zip(names, found)]
