"""The one place where a command meets the shell: shared options, signals, exit codes, error lines."""

from __future__ import annotations

import functools
import os
import signal
import sys
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Any

from hq_cli._command import Argument, Command, plain
from hq_cli._say import ERROR, INFO, begin, log, say, say_error, say_traceback, show
from hq_core import hooks
from hq_core.errors import BUG, INTERRUPT, IO, MEMORY, NOINPUT, PIPE, USAGE, HqError
from hq_core.files import STDIN
from hq_core.options import StateOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from hq_core.flow import State
    from hq_core.jit import Kernel
    from hq_core.roles import Source, Stage


class Process(Command):
    """A command that runs as the process when it is called."""

    def __call__(self) -> None:
        run(self)


def command(
    name: str, examples: str = "", *takes: Argument | type, made: Callable[[Command], Any] | None = None
) -> Callable[[Callable[..., Any]], Process]:
    """A command that is no filter: what it returns is its exit code (None is 0)."""
    return lambda function: Process(name, function, takes, examples, made)


class Run:
    """What a filter's command is to do, where it is more than a stage from stdin to frames on stdout.

    opened   the source of what lies on a descriptor; None: any format that hq reads, found by its first bytes
    found    the source, of the state that was given, where it is more than what lies on stdin
    files    what is read instead of stdin, which has its names among them
    options  what was said of the input, for an input of which only the end is left
    frames   False: something else is shown, so what the stage writes goes nowhere
    after    takes the exit code of the run and gives the command's
    """

    def __init__(
        self,
        stage: Stage,
        opened: Callable[[int], Source] | None = None,
        options: Any = None,
        frames: bool = True,
        after: Callable[[int], int] | None = None,
        found: Callable[[State | None], Source] | None = None,
        files: Sequence[str] = (),
    ) -> None:
        self.stage = stage
        self.opened = opened
        self.options = options
        self.frames = frames
        self.after = after
        self.found = found
        self.files = files


def filter_command(
    name: str,
    examples: str = "",
    *takes: Argument | type,
    shows: tuple[str, ...] = (),
    digested: Mapping[str, Callable[[str], str]] | None = None,
) -> Callable[[Callable[..., Any]], Process]:
    """A filter: the function turns its options into a Stage, which then runs from stdin to stdout.

    A function that returns None or an exit code has done its work already (`--list`); it may return a Run.
    shows     parameters that decide what is shown and not what is computed: no part of a state
    digested  parameters that name files whose digests a state holds: what it holds of such a name beside them
    """

    def declare(function: Callable[..., Any]) -> Process:
        @functools.wraps(function)
        def filter_(*, state: str | None, state_every: int, **said: Any) -> Any:
            asked = function(**said, **({"state": state} if "state" in function.__annotations__ else {}))
            options = {key: value for key, value in said.items() if key not in shows}
            options |= {key: tuple(map(kept, said[key])) for key, kept in (digested or {}).items()}
            if asked is None or isinstance(asked, int):
                return asked
            wanted = asked if isinstance(asked, Run) else Run(asked)
            code = run_stage(name, wanted, state, state_every, options)
            return code if wanted.after is None else wanted.after(code)

        return Process(name, filter_, (*takes, StateOptions), examples)

    return declare


def run_stage(name: str, run: Run, state: str | None, every: int, options: dict[str, Any]) -> int:
    """Run a stage from stdin to stdout and tell on stderr what was dropped."""
    from hq_core.flow import Flow, State, open_input, rest_of
    from hq_core.jit import ahead

    take_stdin(name, run.files)
    check_descriptors()
    stage = run.stage
    _compile_ahead(stage)
    kept = None if state is None else State(state, every, {key: _plain(value) for key, value in options.items()})
    try:
        try:
            source = run.found(kept) if run.found else (run.opened or open_input)(0)
        except HqError as error:
            if error.code != NOINPUT or kept is None or not kept.midway or run.found:
                raise
            source = rest_of(kept, 0, run.options)
        ahead.begin(source.kernels())
        with frames_out(name) if run.frames else _nowhere(kept) as out:
            flow = Flow(stage, name, arguments(), 0, out)
            try:
                return flow.run(source, kept)
            finally:
                _tell(name, stage.dropped, " dropped")
                _tell(name, source.passed, " passed over")
                _tell(name, stage.notices, "")
                for line in (*stage.remarks(), *source.remarks(), *flow.remarks()):
                    say(f"{name}: {line}")
    finally:
        if kept is not None:
            kept.close()


def _compile_ahead(stage: Stage) -> None:
    """Begin what the run will need, while its input is waited for."""
    from hq_core.flow import kernels_of
    from hq_core.jit import ahead

    needed: list[Kernel] = []
    # what is wrong is told where the run meets it, and what a plug-in prints goes to stderr, as it does there
    with _aside() if _plugged() else nullcontext(), suppress(HqError):
        needed = kernels_of(stage)
    ahead.begin(needed)


def take_stdin(name: str, files: Sequence[str]) -> None:
    """See to it that stdin can be read once; where files are read and it is not among them it is not needed."""
    named = [path for path in files if path in STDIN]
    if len(named) > 1:
        how = " and ".join(dict.fromkeys(named))
        raise HqError(f"{how} {'is named twice' if how in STDIN else 'are one'}, and stdin can be read once", USAGE)
    if not files or named:
        check_stdin(name)
        return
    fd = os.open(os.devnull, os.O_RDONLY)  # it may be a terminal, or closed
    if fd:
        os.dup2(fd, 0)
        os.close(fd)


def check_stdin(name: str) -> None:
    """Refuse to wait for what somebody types."""
    if os.isatty(0):
        raise HqError(f"stdin is a terminal; pipe data into it, or see {name} --help", USAGE)


BESIDE = 5  # lines of a terminal that a table leaves: its head, what it says of more rows, the prompts
LINES = 24  # of a terminal that does not say
FEWEST = 10  # rows of a table, however small the terminal says that it is


def _tell(name: str, counts: Mapping[str, int], what: str) -> None:
    for reason, n in counts.items():
        if n:
            say(f"{name}: {reason}: {n} row{'s' * (n != 1)}{what}")


@contextmanager
def frames_out(name: str) -> Iterator[int]:
    """The descriptor for frames: stdout, or where that is a terminal a table of them."""
    if not os.isatty(1):
        if _plugged():
            with _aside() as out:
                yield out
        else:
            yield 1
        return
    from subprocess import PIPE, Popen

    say(f"{name}: stdout is a terminal, so this is a table; in a pipe it is hq-frames", INFO)
    # -P: the current folder is no place to look for modules
    table = Popen([sys.executable, "-P", "-m", "hq_cli.export", "table", "--head", _fitting()], stdin=PIPE, stderr=PIPE)
    assert table.stdin is not None
    assert table.stderr is not None
    try:
        yield table.stdin.fileno()
    finally:  # where the command fails, what its table says of missing rows is no news
        table.stdin.close()
        with table.stderr:
            said = table.stderr.read().decode("utf-8", "replace")
        code = table.wait()
    if code:
        for line in said.splitlines():
            say(line)
        raise HqError(f"the table that shows the rows ended with {code}; in a pipe they are hq-frames", IO)


def _plugged() -> bool:
    """Whether code of the user's own takes part."""
    blame = sys.modules.get("hq_core.plugins.blame")
    return blame is not None and bool(blame.users)


@contextmanager
def _aside() -> Iterator[int]:
    """stdout for those who are given it; what others print meanwhile, in Python or below it, goes to stderr."""
    from ctypes import CDLL

    printed = CDLL(None).fflush
    sys.stdout.flush()
    printed(None)
    out = os.dup(1)
    try:
        os.dup2(2, 1)
    except OSError:  # stderr is closed
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 1)
    try:
        yield out
    finally:
        sys.stdout.flush()
        printed(None)
        os.dup2(out, 1)
        os.close(out)


def _fitting() -> str:
    """How many rows of a table leave its head on the screen."""
    try:
        lines = os.get_terminal_size(1).lines or LINES
    except OSError:
        lines = LINES
    return str(max(FEWEST, lines - BESIDE))


@contextmanager
def _nowhere(state: State | None) -> Iterator[int]:
    """Where frames go that nobody sees; a state counts their bytes, so with one they are made all the same."""
    if state is None:
        yield -1
        return
    fd = os.open(os.devnull, os.O_WRONLY)
    try:
        yield fd
    finally:
        os.close(fd)


def _listen(name: str) -> None:
    """The very first run of a kernel takes seconds; whoever watches should know why.  A long wait is always told."""

    def compiling(kernel: str, why: str) -> None:
        how = f"on every run: {why}" if why else "once on this machine (hq warm does all)"
        say(f"{name}: compiling {kernel}, {how}", INFO)

    def waiting(kernel: str, process: str) -> None:
        who = f"process {process}" if process else "another process"
        say(f"{name}: waiting for {who}, which compiles {kernel}")

    def progress(done: int, whole: int) -> None:
        if not (log.quiet or log.as_json):
            line = f"{name}: {done} of {whole} kernels compiled, once on this machine"
            show(line if whole else "")

    if os.isatty(2):
        hooks.compiling, hooks.progress = compiling, progress
    hooks.waiting = waiting
    hooks.note = lambda line: say(f"{name}: {line}")
    hooks.aside = _aside
    hooks.alone = True


def arguments() -> list[str]:
    """The command line as text for a head; a file's name may be no text at all."""
    return [_plain(word) for word in sys.argv[1:]]


def _plain(value: Any) -> Any:
    """An option's value as a frame or a state can hold it."""
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {_plain(key): _plain(one) for key, one in value.items()}
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


def check_descriptors() -> None:
    """A closed stdin or stdout would let the next file that is opened take its place."""
    for fd, what, code in ((0, "stdin", NOINPUT), (1, "stdout", IO)):
        try:
            os.fstat(fd)
        except OSError:
            raise HqError(f"{what} is closed", code) from None


class Ended(BaseException):
    """SIGINT, SIGTERM or SIGHUP where no flow takes care of them: what is half done is cleared away, no more."""


def _end(number: int, frame: object) -> None:
    signal.signal(number, signal.SIG_DFL)  # the second one does not wait
    raise Ended(number)


def run(main: Command) -> None:
    """Run a command as the process: every way out has its exit code, and no traceback unless asked for."""
    import gc

    gc.disable()  # worth 5 ms; a filter holds no cycles that grow
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` ends a filter silently, as it does seq
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup, &
            signal.signal(number, _end)
    name = main.name
    begin(name, sys.argv[1:])
    _listen(name)
    try:
        given = plain(main, sys.argv[1:])
        if given is None:
            from hq_cli._click import invoke

            code = invoke(main, sys.argv[1:]) or 0
        else:
            code = main.function(**given) or 0
    except HqError as error:
        code = error.code
        say_error(error)
        _traceback_if_asked()
    except BrokenPipeError:
        code = PIPE
    except OSError as error:
        code = IO
        what = error.filename or "cannot write"  # files are opened where they are named; the rest is stdout
        say(f"{name}: {what}: {error.strerror or error}", ERROR, code)
    except KeyboardInterrupt:
        code = INTERRUPT
    except Ended as ended:
        code = 128 + int(ended.args[0])
    except MemoryError:
        code = MEMORY
        say(f"{name}: out of memory", ERROR, code)
    except Exception as error:  # noqa: BLE001  the last door: a bug of ours must not look like the user's
        theirs = _of_a_plugin(error)
        code = BUG if theirs is None else theirs.code
        if theirs is None:
            what = f"{type(error).__name__}: {_one_line(str(error))}"
            say(f"{name}: this is a bug in hq: {what} (--debug shows where)", ERROR, code)
        else:
            say_error(theirs)
        _traceback_if_asked()
    try:
        sys.stdout.flush()
    except (OSError, ValueError, AttributeError) as error:
        if code != IO:  # else it has been told
            say(f"{name}: cannot write: {getattr(error, 'strerror', None) or 'stdout is closed'}", ERROR, IO)
        code = IO
    _notes_if_asked(name)
    os._exit(code)  # nothing is left to do; Python's own shutdown takes 7 ms


def _of_a_plugin(error: Exception) -> HqError | None:
    """What is told of an exception of the user's own indicators; a run that met none has none."""
    blame = sys.modules.get("hq_core.plugins.blame")
    return None if blame is None else blame.theirs(error)


def _traceback_if_asked() -> None:
    if "--debug" in sys.argv:
        say_traceback()


def _notes_if_asked(name: str) -> None:
    """Why compiled kernels were not kept or not used; only a run that met kernels has any."""
    cache = sys.modules.get("hq_core.jit.cache")
    if "--debug" in sys.argv and cache is not None:
        for note in cache.notes:
            say(f"{name}: {note}", INFO)


def _one_line(text: str) -> str:
    return " ".join(text.split())
