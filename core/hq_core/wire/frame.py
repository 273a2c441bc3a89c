"""What reader and writer share: the data frame's header, the limits, and bytes in and out."""

from __future__ import annotations

import errno
import math
import os
import select
import signal
import struct
from contextlib import contextmanager, suppress
from time import monotonic
from typing import TYPE_CHECKING

import msgpack

from hq_core.batch import period_ns
from hq_core.errors import DATA, IO, TEMP, HqError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hq_core.batch import Schema

# array16 of 4: u32 bytes that follow this element, u32 schema id, u32 rows, ext32 of the columns.
# All lengths have their widest form, so the header is 24 bytes and columns lie aligned.
HEADER = struct.Struct(">HBBIBIBIBIb")
HEADER_BYTES = HEADER.size
FOLLOWS = 8  # where the bytes that "follow" begin
EXT_COLUMNS = 1

BLOCK = 256 * 1024  # one read or write; larger ones leave the cache
BUFFER = 1024 * 1024
MAX_BLOB = 16 << 20  # a frame beyond 256 KiB gains nothing, so this is generous
MAX_MAP = 1 << 20
SMALL_MAP = 4096  # nearly every map is shorter, and reading 1 MiB to find that out costs 20 times as much
MAX_TEXT = 65536  # bytes of a text in a map
MAX_NAME = 256  # characters of a kind, symbol, period, or column name
MAX_COLUMNS = 4096
MAX_ARRAY = 4096  # in a map, where 1024 of them may be nested before a byte of their elements has come
MAX_SERIES = 65536
MAX_COUNT = 1 << 53  # of rows dropped: exact wherever it is read


def begins_frames(first: bytes) -> bool:
    """Whether an input that begins with these bytes is hq-frames: a msgpack map or array."""
    return bool(first) and (0x80 <= first[0] <= 0x8F or first[0] in (0xDC, 0xDE, 0xDF))


def pack_header(into: memoryview, at: int, schema_id: int, n: int, blob: int) -> None:
    HEADER.pack_into(
        into, at, 0xDC00, 4, 0xCE, blob + HEADER_BYTES - FOLLOWS, 0xCE, schema_id, 0xCE, n, 0xC9, blob, EXT_COLUMNS
    )


# -- what both sides of a stream refuse ----------------------------------------------------------------------
def is_name(text: object) -> bool:
    """Whether it may stand in a message: a short text without control characters."""
    return isinstance(text, str) and len(text) <= MAX_NAME and (text.isprintable() or not text)


_announced: set[tuple[tuple[str, str], ...]] = set()  # columns that were found good


def check_series(schema: Schema) -> None:
    """Raises HqError DATA where a series cannot be announced."""
    rule = f"at most {MAX_NAME} characters, and none that does not print"
    for what, text in (("kind", schema.of), ("symbol", schema.symbol), ("period", schema.period)):
        if not is_name(text):
            raise HqError(f"{what} {text!r:.40}: {rule}", DATA)
    if not schema.of:
        raise HqError("kind is empty", DATA)
    period_ns(schema.period)
    if schema.cols in _announced:  # many series have the same columns
        return
    if not 0 < len(schema.cols) <= MAX_COLUMNS:
        raise HqError(f"{len(schema.cols)} columns, must be 1 to {MAX_COLUMNS}", DATA)
    for name in schema.names:
        if not name or not is_name(name):
            raise HqError(f"column {name!r:.40}: a name, {rule}", DATA)
    if len(_announced) == 256:
        _announced.clear()
    _announced.add(schema.cols)


def map_unpacker(data: memoryview | bytes) -> msgpack.Unpacker:
    """What reads maps, within their limits, from the bytes of some that may end inside one.

    One that has raised must never be used again.
    """
    unpacker = msgpack.Unpacker(
        read_size=SMALL_MAP,
        max_buffer_size=MAX_MAP,
        max_str_len=MAX_TEXT,
        max_bin_len=MAX_MAP,
        max_ext_len=MAX_TEXT,
        max_array_len=MAX_ARRAY,
        max_map_len=MAX_SERIES,
        strict_map_key=True,
    )
    unpacker.feed(data)
    return unpacker


# what an unpacker raises where it has no map within the limits; msgpack.OutOfData, one of them, where it is not whole
WRONG_MAP = (ValueError, msgpack.UnpackException, RecursionError, TypeError, MemoryError)


def wrong_map(error: Exception) -> HqError:
    """What is said of one of WRONG_MAP."""
    return HqError(str(error) or type(error).__name__, DATA)


def check_map(data: bytes) -> None:
    """Raises HqError DATA where a whole map goes beyond a limit."""
    try:
        map_unpacker(data).unpack()
    except WRONG_MAP as error:
        raise wrong_map(error) from None


# -- bytes in and out ----------------------------------------------------------------------------------------
class Stopped(Exception):
    """A signal ends the process while a read or a write blocks, or a compiler is waited for.

    Raised by the signal's handler and by what a wait calls again and again (flow.Signals).
    why  there is no end to what was written, where no read blocks
    """

    def __init__(self, reading: bool, why: str = "nobody takes the output") -> None:
        self.reading = reading
        self.why = why


class Blocked:
    """Which call may block at the moment, and how often a handler has found it so since a byte has moved.

    every   seconds after which such a call is interrupted, again and again: a signal that comes just before the call
            would else be seen when it ends, which may be never; 0 where nobody handles SIGALRM
    ticks   whether the timer runs that does so.  It is started before such a call, and goes on behind it: most calls
            end at once, and to stop it each time would take longer than they do.  Its handler stops it where it finds
            no such call (`look`)
    """

    __slots__ = ("every", "found", "reading", "ticks", "writing")

    def __init__(self) -> None:
        self.reading = self.writing = self.ticks = False
        self.found = 0
        self.every = 0.0

    def watch(self) -> None:
        """To be called when `reading` or `writing` says already that a call comes: a handler leaves the timer then."""
        if self.every and not self.ticks:
            self.ticks = True
            signal.setitimer(signal.ITIMER_REAL, self.every, self.every)

    def look(self) -> bool:
        """Whether a call blocks; if none does, the timer stops."""
        if self.reading or self.writing:
            return True
        self.stop()
        return False

    def stop(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        self.ticks = False


blocked = Blocked()


class Patience:
    """How long a read may wait for its input, while several are opened one after the other; else for ever."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._since = 0.0
        self._read: dict[int, float] = {}  # when something came, by descriptor

    @contextmanager
    def of(self, seconds: float) -> Iterator[None]:
        """0: for ever.  All inputs are waited for from now on, whichever is read first."""
        self.seconds, self._since = seconds, monotonic()
        try:
            yield
        finally:
            self.seconds = 0.0
            self._read.clear()

    def wait(self, fd: int) -> None:
        """Raises HqError TEMP where nothing comes in time."""
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        left = self._read.get(fd, self._since) + self.seconds - monotonic()
        if not poll.poll(max(0, math.ceil(1000 * left))):
            raise silent(self.seconds)
        self._read[fd] = monotonic()


patience = Patience()


def silent(seconds: float) -> HqError:
    """What is said of an input of which nothing came for so long."""
    return HqError(f"an input was silent for {seconds:g} s, and the others wait for it", TEMP)


def read_into(fd: int, view: memoryview) -> int:
    """Read once into `view`; 0 at the end.  Raises HqError IO, and TEMP where patience ends."""
    while True:
        blocked.reading = True
        blocked.watch()
        try:
            if patience.seconds:
                patience.wait(fd)
            return os.readv(fd, [view])
        except BlockingIOError:  # whoever shares our stdin has made it non-blocking
            _wait(fd, select.POLLIN)
        except OSError as error:
            raise HqError(f"cannot read: {os.strerror(error.errno or 0)}", IO) from None
        finally:
            blocked.reading = False


def write_all(fd: int, data: memoryview) -> None:
    """Write all of it.  Raises HqError IO, and BrokenPipeError where nobody reads any more."""
    at = 0
    blocked.writing = True
    blocked.watch()
    try:
        while at < len(data):
            try:
                at += os.write(fd, data[at:])
                blocked.found = 0
            except BlockingIOError:  # whoever shares our stdout has made it non-blocking
                _wait(fd, select.POLLOUT)
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise BrokenPipeError from None
        raise HqError(f"cannot write: {os.strerror(error.errno or 0)}", IO) from None
    finally:
        blocked.writing = False


def _wait(fd: int, what: int) -> None:
    poll = select.poll()
    poll.register(fd, what)
    poll.poll()


def grow_pipe(fd: int) -> None:
    """A pipe of 1 MiB costs fewer wake-ups; where it is refused the pipe stays as it is."""
    import fcntl

    with suppress(OSError):
        fcntl.fcntl(fd, 1031, BUFFER)  # F_SETPIPE_SZ, Linux
