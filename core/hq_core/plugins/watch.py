"""A signal ends the process though a kernel of the user's own does not come back: a thread waits for both.

Python's handlers run between two steps of Python, which a kernel that loops for ever never lets happen.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from time import monotonic

from hq_core.wire.frame import blocked

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PATIENCE = 3.0  # seconds at one place in which a signal has not been looked at
AGAIN = 0.1


class Watch:
    """While it is entered, a signal of ENDING after which the main thread stays in one call ends the process.

    told  descriptor to which the numbers of signals are passed on as they come, or -1; whose wakeup this would be
    """

    def __init__(self, told: int = -1) -> None:
        self._told = told

    def __enter__(self) -> Watch:
        self._main = threading.main_thread().ident or 0
        self._pipe = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._before = signal.set_wakeup_fd(self._pipe[1], warn_on_full_buffer=False)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        signal.set_wakeup_fd(self._before)
        os.close(self._pipe[1])  # the end of what the thread reads
        self._thread.join()
        os.close(self._pipe[0])

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self._pipe[0], select.POLLIN)
        number, since, place = 0, 0.0, None
        while True:
            ending: list[int] = []
            if poll.poll(1000 * AGAIN if number else None):
                came = os.read(self._pipe[0], 4096)
                if not came:
                    return
                if self._told >= 0:
                    os.write(self._told, came)
                ending = [one for one in came if one in ENDING]
            if not (number or ending):
                continue
            now = self._place()
            if now is None or now != place:
                since, place = monotonic(), now
            elif number and (ending or monotonic() - since >= PATIENCE):  # the second one does not wait
                os._exit(128 + number)
            number = number or ending[0]

    def _place(self) -> tuple[int, int] | None:
        """Where the main thread is, as far as Python knows; None where it reads or writes, which a signal ends."""
        frame = sys._current_frames().get(self._main)
        return None if frame is None or blocked.reading or blocked.writing else (id(frame), frame.f_lasti)
