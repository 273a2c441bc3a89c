"""A file unpacked by a thread, a few pieces ahead of whoever reads it: the two take as long as the slower one.

Only for files: a pipe's bytes go on as they come, so that a live stream waits for nobody.
"""

from __future__ import annotations

import os
import weakref
from contextlib import suppress
from queue import Empty, Queue
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, TypeVar

from hq_core.formats.byte_stream import READ, ByteStream

if TYPE_CHECKING:
    from collections.abc import Iterator

Piece = TypeVar("Piece")
BLOCKS = 4  # of READ bytes that are unpacked ahead, at most
Ready = Queue[bytearray | BaseException | None]  # blocks, then why there is no further one; None: the end


class AheadStream(ByteStream):
    """The bytes of a packed stream, which a thread of its own unpacks.

    files   of an archive, as ZipStream has them
    """

    packed = True

    def __init__(self, stream: ByteStream) -> None:
        super().__init__(-1)
        self.fd = stream.fd
        if hasattr(stream, "files"):
            self.files = stream.files
        self._given = memoryview(b"")
        self._why: BaseException | None = None
        self._done = False
        self._ready: Ready = Queue(BLOCKS)
        stop = Event()
        # its own descriptor: the number of one that is closed may soon be another file's
        root: Any = stream
        while hasattr(root, "_packed"):
            root = root._packed
        root.fd = os.dup(root.fd)
        Thread(target=_unpack, args=(stream, root.fd, self._ready, stop), daemon=True).start()
        weakref.finalize(self, _stop, self._ready, stop)

    @property
    def pending(self) -> bool:
        return not self._done

    def _more(self, view: Any) -> int:
        if not self._given and not self._done:
            found = self._ready.get()
            if isinstance(found, bytearray):
                self._given = memoryview(found)
            else:
                self._done, self._why = True, found
        if not self._given:
            if self._why is not None:
                raise self._why
            return 0
        n = min(len(self._given), len(view))
        view[:n] = self._given[:n]
        self._given = self._given[n:]
        return n


def _unpack(stream: ByteStream, fd: int, ready: Ready, stop: Event) -> None:
    """What the thread does: it knows the queue and not the stream that is read, which can so be forgotten."""
    why: BaseException | None = None
    try:
        while not stop.is_set():
            block, got = bytearray(READ), 0
            try:
                while got < READ and (n := stream.readinto(memoryview(block)[got:])):
                    got += n
            finally:  # what was good before an error comes before it
                if got:
                    ready.put(block[:got])
            if got < READ:
                break
    except BaseException as error:  # noqa: BLE001  whoever reads raises it
        why = error
    os.close(fd)
    ready.put(why)


def _stop(ready: Ready, stop: Event) -> None:
    """Let a thread that waits for room go on to its end."""
    stop.set()
    with suppress(Empty):
        while True:
            ready.get_nowait()


def unpacked_ahead(stream: ByteStream) -> ByteStream:
    """The stream unpacked by a thread, where that would run beside this one."""
    return AheadStream(stream) if two_processors() else stream


def made_ahead(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """The same pieces, each made by a thread while the one before is used, where that would run beside this one."""
    return _made_ahead(pieces) if two_processors() else pieces


def _made_ahead(pieces: Iterator[Piece]) -> Iterator[Piece]:
    ready: Queue[tuple[Piece | None, BaseException | None]] = Queue(1)
    stop = Event()

    def make() -> None:
        why: BaseException | None = None
        try:
            for piece in pieces:
                ready.put((piece, None))
                if stop.is_set():
                    break
        except BaseException as error:  # noqa: BLE001  whoever reads raises it
            why = error
        ready.put((None, why))

    worker = Thread(target=make, daemon=True)
    worker.start()
    try:
        while True:
            piece, why = ready.get()
            if why is not None:
                raise why
            if piece is None:
                return
            yield piece
    finally:
        stop.set()
        while worker.is_alive():  # it may wait for room
            with suppress(Empty):
                ready.get(timeout=0.01)


def two_processors() -> bool:
    """Whether a thread would run beside this one."""
    return len(os.sched_getaffinity(0)) > 1 if hasattr(os, "sched_getaffinity") else True
