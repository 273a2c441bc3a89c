"""What will be needed is compiled at once and side by side, by processes of their own, while the reader waits for data.

A worker takes the kernels in the order of need, without those that are there and those that another process is
compiling, of this command or of another one in the same pipe.  Whoever needs a kernel waits for the workers; what they
leave undone, because they died or because it is wrong, it compiles by itself and says what is to be said.
"""

from __future__ import annotations

import os
from struct import Struct
from typing import TYPE_CHECKING

from hq_core import hooks
from hq_core.jit import cache, making
from hq_core.jit.spent import spent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hq_core.jit.declare import Kernel

TELLS = 3  # the descriptor of a worker by which it tells that it has begun, and that a kernel is done
PROCESS = Struct("=I")  # what it tells: who it is
CLEARED = 64  # kernels after which a worker gives back the memory that compiling them took
PATIENCE_S = 0.05  # until it is seen whether another command's worker made the kernel
SILENT = 100  # such looks, 5 s, in which none was done and none took processor time: they are stopped, or hang


class Workers:
    """Processes that compile kernels, as many as there are processors.

    apart   each begins with a part of its own, where kernels that share helpers are neighbours; else all take what is
            needed first
    left    kernels that are not done
    silent  they are stopped, or hang
    """

    def __init__(self, kernels: Sequence[Kernel], apart: bool = False) -> None:
        self.whole = len(kernels)
        self.left = dict.fromkeys(kernels)
        self._looks, self._spent = 0, 0.0
        told, tells = os.pipe()
        self._told, self._used = told, False
        try:
            self._child = os.fork()
            if self._child == 0:
                _work(kernels, apart, tells)
            self._processes = {self._child}  # those that have told something
        finally:
            os.close(tells)

    @property
    def done(self) -> int:
        return self.whole - len(self.left)

    @property
    def silent(self) -> bool:
        return self._looks >= SILENT

    def wait(self) -> bool:
        """Until another kernel is done, or some time has passed; False when no worker runs any more, or all are silent.

        When they are silent it comes back at once, until one tells something.
        """
        self._used, over = True, False
        try:
            if self._ready():
                said = os.read(self._told, PROCESS.size << 10)
                self._processes.update(process for (process,) in PROCESS.iter_unpack(said))
                over = not said
        finally:
            self._used = False
        self.reap(0 if over else os.WNOHANG)
        left = {kernel: None for kernel in self.left if not making.there(kernel)}
        taken = sum(map(spent, self._processes))
        self._looks = 0 if taken != self._spent or len(left) < len(self.left) else min(self._looks + 1, SILENT)
        self.left, self._spent = left, taken
        return self._told >= 0 and not self.silent

    def _ready(self) -> bool:
        from select import POLLIN, poll

        if self._told < 0:
            return False
        told = poll()  # select knows no descriptor beyond 1023
        told.register(self._told, POLLIN)
        return bool(told.poll(0 if self.silent else 1000 * PATIENCE_S))

    def reap(self, how: int = os.WNOHANG) -> bool:
        """Whether the first worker, which ends behind the others, has ended; nothing is left of it then.

        It may be called by a signal's handler, within any other call.
        """
        if self._child:
            try:
                ended = os.waitpid(self._child, how)[0]
            except ChildProcessError:  # whoever started us ignores SIGCHLD, and the system has reaped it
                ended = self._child
            if ended:
                self._child = 0
        if self._told >= 0 and not self._child and not self._used:
            told, self._told = self._told, -1
            os.close(told)
        return not self._child


_workers: Workers | None = None
_before: list[Workers] = []  # that others have taken the place of, and which may still be at work


def begin(kernels: Iterable[Kernel]) -> None:
    """Compile what is not there of these, which come in the order of need.

    For a command that has no threads yet.  It may be called again, when more is known; those that are at work go on,
    and what they have not done is taken up too.  Where nothing can be kept, and with numba's own loader, each kernel is
    compiled when it is needed.
    """
    global _workers
    import signal

    from hq_core.jit.machine import route

    begun = {} if _workers is None else _workers.left
    missing = [kernel for kernel in dict.fromkeys(kernels) if not making.there(kernel)] if route() == "image" else []
    if not begun.keys() >= set(missing) and cache.writable():
        try:
            workers = Workers([*missing, *(kernel for kernel in begun if kernel not in missing)])
        except OSError as error:  # too many processes, say
            cache.note(f"nothing compiled ahead: {error}")
            return
        if _workers is not None:
            _before.append(_workers)
        _workers = workers
        if signal.getsignal(signal.SIGCHLD) is signal.SIG_DFL:
            signal.signal(signal.SIGCHLD, _reap)  # nobody may come to wait for them
            _reap()  # they may have ended already


def _reap(*of_the_signal: object) -> None:
    import signal

    ended = [one.reap() for one in (*_before, *([_workers] if _workers is not None else []))]
    if all(ended) and signal.getsignal(signal.SIGCHLD) is _reap:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def wait(kernel: Kernel) -> bool:
    """Wait until the workers are done with a kernel; False where they leave it undone."""
    workers = _workers
    if workers is None or kernel not in workers.left:
        return False
    going = True
    try:
        while going and kernel in workers.left:
            _stop()
            _tell(workers.done, workers.whole)
            going = workers.wait()
    finally:
        _tell(0, 0)
    if kernel in workers.left:
        del workers.left[kernel]  # it is not theirs any more
        return False
    return True


def silent() -> bool:
    """Whether the workers are not waited for any more, nor for a lock that one of them may hold."""
    return _workers is not None and _workers.silent


def _stop() -> None:
    if hooks.stop is not None:
        hooks.stop()


def _tell(done: int, whole: int) -> None:
    if hooks.progress is not None:
        hooks.progress(done, whole)


def _work(kernels: Sequence[Kernel], apart: bool, tells: int) -> None:
    """The life of the first worker, which imports the compiler before it forks the others."""
    try:
        _cut_off(tells)
        parent = os.getppid()
        _import()
        count = min(processors(), len(kernels))
        at, others = 0, []
        for place in range(1, count):
            others.append(os.fork())
            if others[-1] == 0:
                at, others, parent = place * len(kernels) // count if apart else 0, [], os.getppid()
                break
        _make([*kernels[at:], *reversed(kernels[:at])], lambda: os.getppid() == parent)
        while others and os.getppid() == parent:  # each ends when who forked it does
            os.waitpid(others.pop(), 0)
    finally:
        os._exit(0)


def _make(kernels: Sequence[Kernel], wanted: Callable[[], bool]) -> None:
    from gc import collect

    made = 0
    _say()
    for kernel in kernels:
        try:
            new = making.make(kernel)
        except Exception:  # noqa: BLE001  whoever needs it meets the same, and tells it
            new = False
        if new:
            _say()
            made += 1
            if made % CLEARED == 0:
                collect()
        if not wanted() or (new and not making.there(kernel)):  # it could not be kept, and no other could
            break


def _say() -> None:
    os.write(TELLS, PROCESS.pack(os.getpid()))


def _cut_off(tells: int) -> None:
    """In a child: nothing of its parent's is open, so that nobody waits for it; signals end it."""
    import signal
    from fcntl import F_DUPFD, fcntl

    hooks.compiling = hooks.waiting = hooks.progress = hooks.note = hooks.stop = None
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # ignored, nobody could wait for the others
    away = fcntl(tells, F_DUPFD, 16)  # stderr may be closed, and the pipe have its number
    nowhere = os.open(os.devnull, os.O_RDWR)
    for fd in range(TELLS):
        os.dup2(nowhere, fd)
    os.dup2(away, TELLS)
    os.closerange(TELLS + 1, os.sysconf("SC_OPEN_MAX"))


def _import() -> None:
    """The compiler, which takes a quarter of a second."""
    from hq_core.jit.bare import bare

    with bare():
        from hq_core.jit import compile

        compile.ready()


def processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
