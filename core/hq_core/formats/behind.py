"""Calls that a thread makes beside whoever asks for them, in order: the two take as long as the slower one."""

from __future__ import annotations

import weakref
from contextlib import suppress
from queue import Empty, Queue
from threading import Event, Thread
from typing import TYPE_CHECKING

from hq_core.formats.ahead import two_processors

if TYPE_CHECKING:
    from collections.abc import Callable

    Calls = Queue[Callable[[], object] | None]


class Behind:
    """Makes calls in a thread of its own; one is made and one waits at most, so that memory stays bounded.

    An error of a call is raised by the next `do` or by `wait`; calls behind it are not made.  What goes away in the
    middle makes the call that it is at, and no other.
    """

    def __init__(self) -> None:
        self._calls: Calls = Queue(1)
        self._why: list[BaseException] = []
        self._thread: Thread | None = None

    def do(self, call: Callable[[], object]) -> None:
        """Make a call, at once where no thread would run beside this one."""
        self._raise()
        if self._thread is None:
            if not two_processors():
                call()
                return
            stop = Event()
            self._thread = Thread(target=_work, args=(self._calls, self._why, stop), daemon=True)
            self._thread.start()
            weakref.finalize(self, _leave, self._thread, self._calls, stop)
        self._calls.put(call)

    def wait(self) -> None:
        """Until all calls have been made."""
        if self._thread is not None:
            self._calls.put(None)
            self._thread.join()
            self._thread = None
        self._raise()

    def _raise(self) -> None:
        if self._why:
            raise self._why[0]


def _work(calls: Calls, why: list[BaseException], stop: Event) -> None:
    """What the thread does: it knows the queue and not who asks, which can so be forgotten."""
    while (call := calls.get()) is not None:
        if why or stop.is_set():
            continue
        try:
            call()
        except BaseException as error:  # noqa: BLE001  whoever asks raises it
            why.append(error)
        del call  # what it holds is free while the next one is waited for


def _leave(thread: Thread, calls: Calls, stop: Event) -> None:
    """The thread ends, without what waits."""
    stop.set()
    while thread.is_alive():
        with suppress(Empty):
            calls.get_nowait()
        calls.put(None)
        thread.join(0.01)
