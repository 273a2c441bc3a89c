"""Driving one stage: its input's items in, its output flushed after every read, its state kept."""

from __future__ import annotations

import math
import os
import select
import signal
import sys
from contextlib import nullcontext
from time import monotonic
from typing import TYPE_CHECKING, Any

from hq_core import VERSION, holes, hooks, statefile
from hq_core.batch import Batch
from hq_core.errors import DATA, HqError
from hq_core.order import RowOrder, in_order
from hq_core.roles import End, Head, Idle, Map
from hq_core.saved import Damaged, shaped, taking
from hq_core.stream.around import Around
from hq_core.stream.gather import gathered
from hq_core.stream.handover import give
from hq_core.wire import Reader, Writer
from hq_core.wire.frame import Stopped, begins_frames, blocked, read_into, silent
from hq_core.wire.unwritten import Unwritten

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hq_core.jit import Kernel
    from hq_core.roles import Item, Source, Stage
    from hq_core.stream.instants import PanelsInOrder

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
AGAIN = 0.05  # seconds after which it is looked whether a signal has come and a read or a write blocks
PATIENCE = 10  # looks that a write may block for: who reads slowly still gets the end


def kernels_of(stage: Stage) -> list[Kernel]:
    """What a run of the stage will need, in the order of need, as far as that is known before the first row."""
    return [*([] if stage.any_order else [in_order]), *stage.kernels()]


class Signals:
    """SIGINT, SIGTERM and SIGHUP noticed between reads, so that a frame is always finished.

    A read that blocks ends at once, and so does the wait for a compiler; a write of which nobody takes a byte ends
    after half a second: all raise Stopped.
    """

    def __init__(self) -> None:
        self.caught = 0
        self._polls: dict[int, select.poll] = {}  # of what is waited on

    def __enter__(self) -> Signals:
        self._pipe = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._wakeup = signal.set_wakeup_fd(self._pipe[1], warn_on_full_buffer=False)
        plugins = sys.modules.get("hq_core.plugins")  # a run that needs none does not import them
        self._watch = nullcontext() if plugins is None else plugins.watched(self._pipe[1])
        self._watch.__enter__()
        kept = [number for number in ENDING if signal.getsignal(number) is not signal.SIG_IGN]  # nohup
        self._before = {number: signal.signal(number, self._catch) for number in kept}
        self._before[signal.SIGALRM] = signal.signal(signal.SIGALRM, self._look)
        # whoever started us may have blocked it, and a read would then not be interrupted
        self._mask = signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})
        blocked.every = AGAIN
        self._stop, hooks.stop = hooks.stop, self._ended
        return self

    def __exit__(self, *error: object) -> None:
        hooks.stop = self._stop
        blocked.every = 0.0
        blocked.stop()
        if signal.SIGALRM in self._mask:
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._watch.__exit__(None, None, None)
        signal.set_wakeup_fd(self._wakeup)
        for fd in self._pipe:
            os.close(fd)

    def _catch(self, number: int, frame: object) -> None:
        if self.caught:  # the second one does not wait
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        self.caught = number

    def _look(self, number: int, frame: object) -> None:
        if not blocked.look() or not self.caught:
            return
        blocked.found += 1
        if blocked.reading or blocked.found >= PATIENCE:
            raise Stopped(blocked.reading)

    def _ended(self) -> None:
        if self.caught:
            raise Stopped(reading=False, why="not all is compiled for the output")

    def waiting(self, fd: int) -> bool:
        """Whether `fd` can be read at once, and no signal has come."""
        return not self.caught and self._ready(fd, 0)

    def wait(self, fd: int, patience: float = 0.0) -> bool:
        """Wait until `fd` can be read; true when a signal came first.  Raises HqError TEMP after `patience` seconds."""
        until = monotonic() + patience if patience else 0.0
        left = patience
        while not self.caught and not self._ready(fd, math.ceil(1000 * left) or None):
            if patience:
                left = until - monotonic()
                if left <= 0:
                    raise silent(patience)
        return self.caught != 0

    def _ready(self, fd: int, timeout: int | None) -> bool:
        poll = self._polls.get(fd)
        if poll is None:
            poll = self._polls[fd] = select.poll()
            poll.register(fd, select.POLLIN)
            poll.register(self._pipe[0], select.POLLIN)
        events = poll.poll(timeout)
        if len(events) == 1 and events[0][0] == fd:
            return True
        found = [ready for ready, _ in events]
        if self._pipe[0] in found:
            os.read(self._pipe[0], 4096)
        return fd in found


class State:
    """A state file in use, and no one else's until `close`: where it lies, how often it is written, and whose it is."""

    def __init__(self, path: str, every: int, options: dict[str, Any]) -> None:
        self.path = path
        self.every = every  # input rows between writes; 0: only at the end
        self.options = options
        self._lock = statefile.Lock(path)
        self.close = self._lock.close
        try:
            self._begin(statefile.read(path))
        except BaseException:
            self.close()
            raise

    def _begin(self, loaded: dict[str, Any] | None) -> None:
        self.loaded = loaded
        nothing = {"input": {"bytes": 0, "rows": 0, "ended": True}, "output": {"bytes": 0, "closed": True}}
        before: dict[str, Any] = self.loaded or nothing
        self.midway = not before["input"]["ended"]
        self.reopen = not before["output"]["closed"]
        self.input_bytes = before["input"]["bytes"] if self.midway else 0
        self.input_rows = before["input"]["rows"] if self.midway else 0
        self.output_bytes = before["output"]["bytes"]


class Flow:
    """One run of a stage.  `run` returns the exit code: 0, or 128 and the number of the signal that ended it.

    fd_out  -1: nobody looks at what is written
    """

    def __init__(self, stage: Stage, command: str, argv: list[str], fd_in: int = 0, fd_out: int = 1) -> None:
        self.stage = stage
        self._to: Around  # the stage, and what stands around it
        self.command = command
        self.argv = argv
        self.fd_in = fd_in
        self.out = Writer(fd_out) if fd_out >= 0 else Unwritten()
        self.dropped: dict[str, int] = {}
        self.holes: holes.Holes = {}
        self.order = RowOrder()
        self._in_order: PanelsInOrder | None = None  # of an input whose rows of one ts come in any order
        self._headed = False
        self._kept = False  # whether the run is over and its state written
        self._waited = 0  # rows that waited in the state when the run began
        self._rows = self._saved_rows = 0
        self._section = 0  # bytes that the section had when the run began, which goes on in it

    def run(self, source: Source, state: State | None = None) -> int:
        """All of the source.  Raises HqError; with the code of a signal where nobody takes the output any more."""
        with Signals() as signals:
            try:
                return self._run(source, state, signals)
            except Stopped as stopped:
                name = signal.Signals(signals.caught).name
                after = (
                    ""
                    if state is None or not (state.loaded or self._saved_rows)
                    else (
                        f"; the state stays as it was: cut the output to hq-state --output-bytes {state.path} to go on"
                    )
                )
                raise HqError(
                    f"{name}: {stopped.why}, which stops without its end{after}", 128 + signals.caught
                ) from None
            except Damaged as error:
                if state is None:
                    raise
                raise statefile.damaged(state.path, error) from error
            finally:
                if state is not None:
                    state.close()

    def _run(self, source: Source, state: State | None, signals: Signals) -> int:
        out = self.out
        self._to = Around(self.stage, out)
        if state is not None and state.loaded is not None:
            self._resume(source, state, state.loaded)

        def waits_on() -> int:
            return self.fd_in if source.waits_on < 0 else source.waits_on

        loose = source.loose and not self.stage.any_order
        items = self._placed().through(source, more=True) if loose else source
        try:
            for item in gathered(
                items, lambda: signals.waiting(waits_on())
            ):  # small frames would slow the whole pipeline down
                if isinstance(item, Batch):
                    self._open(state)
                    self._take(item)
                elif isinstance(item, Map):  # before all others, as a stream of signals has hundreds of thousands
                    self._open(state)
                    self._to.other(item)
                elif isinstance(item, Idle):
                    out.flush()
                    if state is not None and 0 < state.every <= self._rows - self._saved_rows:
                        self._save(source, state, ended=False, closed=not self._headed)
                    try:
                        if signals.wait(waits_on(), source.patience):
                            break
                    except HqError as error:
                        raise error.within(source.waits_for) if source.waits_for else error from None
                else:
                    self._say(item, state)
        except HqError:
            out.flush()  # what was good before the error has been written
            raise
        except Stopped as stopped:
            if not stopped.reading:
                raise
        self._open(state)
        if state is None:
            for batch in self._in_order.rest() if self._in_order else ():
                self._take(batch)
        self._to.finish(more=state is not None or signals.caught > 0)  # a signal is not the input's end
        out.end(self._all_dropped(), self._all_holes())
        out.flush()
        if state is not None:
            self._save(source, state, ended=not signals.caught, closed=True)
            self._kept = True
        return 128 + signals.caught if signals.caught else 0

    def remarks(self) -> list[str]:
        """Lines for stderr when the run is over: that rows wait in its state, and how to have them at once."""
        told = self._in_order.told() if self._kept and self._in_order else ""
        if not told:
            return []
        it = "them" if self._waiting() != 1 else "it"
        if self.command == "hq-import":
            return [f"{told}; a run that brings them gives {it}"]
        return [f"{told}; `hq-import < FILE | {self.command} --state …` gives {it} at once"]

    def _placed(self) -> PanelsInOrder:
        """What puts rows of one ts in the order of their symbols."""
        if self._in_order is None:
            from hq_core.stream.instants import PanelsInOrder  # frames are in order

            self._in_order = PanelsInOrder()
        return self._in_order

    def _waiting(self) -> int:
        return self._in_order.waiting if self._in_order else 0

    def _take(self, batch: Batch) -> None:
        good, wrong = (batch.n, "") if self.stage.any_order else self.order.check(batch)
        if good:
            self._rows += good
            self._to.rows(batch if good == batch.n else batch.slice(0, good))
        if wrong:
            raise HqError(wrong, DATA)

    def _say(self, item: Item, state: State | None) -> None:
        if isinstance(item, Head):
            if self._headed:
                self.stage.made_of(item.get("made_by", []))
                self._to.section({"kind": "section", "made_by": item.get("made_by", [])})
            else:
                self._open(state, item.get("made_by", []))
            return
        self._open(state)
        if isinstance(item, End):
            for reason, n in dict(item.get("dropped") or {}).items():
                self.dropped[reason] = self.dropped.get(reason, 0) + int(n)
            holes.add(self.holes, item.get("holes") or {})
        else:
            give(item, self._to)

    def _open(self, state: State | None, made_by: Iterable[object] = ()) -> None:
        if not self._headed:
            self._headed = True
            mine = [self.command, VERSION, self.argv, self.stage.inputs]
            self.stage.made_of([*made_by, mine])
            resumed = state is not None and state.reopen
            self.out.head([*made_by, mine], {"resumed": True, "offset": self._section} if resumed else {})
            self._to.take_up()

    def _all_dropped(self) -> dict[str, int]:
        """Rows dropped here and upstream, by reason."""
        mine = self.stage.dropped
        return {reason: self.dropped.get(reason, 0) + mine.get(reason, 0) for reason in {**self.dropped, **mine}}

    def _all_holes(self) -> holes.Holes:
        """Holes found here and upstream."""
        found: holes.Holes = {}
        holes.add(found, self.holes)
        holes.add(found, self.stage.holes)
        return found

    # -- state -------------------------------------------------------------------------------------------
    def _resume(self, source: Source, state: State, loaded: dict[str, Any]) -> None:
        statefile.check(state.path, loaded, self.command, state.options, self.stage.inputs)
        self.dropped.update(loaded["dropped"])
        with taking(alone=True):
            holes.add(self.holes, loaded["holes"])
            self.order.load(loaded["order"])
            self._to.load(loaded, loaded["input"]["ended"])
        if state.reopen:
            self._section = loaded["section"]
        if state.midway or source.goes_on:
            was, now = loaded["input"]["format"], type(source).__name__
            if was != now:
                where = f"at byte {state.input_bytes}"
                raise HqError(f"state {state.path}: was reading {was} {where}, now {now} comes", DATA)
            saved = loaded["input"]["source"]
            with taking(alone=True):
                items = list(source.load(saved and shaped(saved, source.SHAPE)))
            for item in items:
                self._say(item, state)
        if source.loose:
            with taking(alone=True):
                items = list(self._placed().load(loaded["waiting"], source, state.midway))
            for item in items:
                self._say(item, state)
            self._waited = self._waiting()
        elif any(n for _, n, *_ in loaded["waiting"]):
            what = "rows wait for the rest of their ts, which frames cannot bring; go on with what they came from"
            raise HqError(f"state {state.path}: {what}", DATA)

    def _save(self, source: Source, state: State, ended: bool, closed: bool) -> None:
        self._saved_rows = self._rows
        statefile.write(
            state.path,
            {
                "command": self.command,
                "version": VERSION,
                "options": state.options,
                "inputs": self.stage.inputs,
                "input": {
                    "bytes": state.input_bytes + source.position,
                    "rows": state.input_rows + self._rows + self._waiting() - self._waited,
                    "ended": ended,
                    "format": type(source).__name__,
                    "source": source.save() if source.goes_on or not ended else {},
                },
                "output": {"bytes": state.output_bytes + self.out.written, "closed": closed},
                "section": 0 if closed else self._section + self.out.written,
                "dropped": {} if closed else self._all_dropped(),
                "holes": {} if closed else self._all_holes(),
                "order": self.order.save(),
                "waiting": self._in_order.save() if self._in_order else [],
                **self._to.save(),
            },
        )


def rest_of(state: State, fd: int, options: Any = None) -> Source:
    """The source of an input of which a state holds all there was: nothing more comes but its end."""
    from hq_core.formats import source_at_end

    source: Source = source_at_end(state.loaded["input"]["format"] if state.loaded else "", fd, options)
    return source


def open_input(fd: int) -> Source:
    """The source for what lies on `fd`, by its first bytes: hq-frames, or any format that hq reads."""
    block = bytearray(65536)
    first = bytes(block[: read_into(fd, memoryview(block))])
    if begins_frames(first):
        return Reader(fd, first)
    from hq_core.formats import open_source

    source: Source = open_source(fd, first)
    return source
