"""The one place where a command meets the shell: shared options, signals, exit codes, error lines."""
from __future__ import annotations

import functools
import os
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from hq_core import VERSION
from hq_core.errors import BUG, IO, NOINPUT, USAGE, HqError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hq_core.stage import Stage

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 80}


class Command(click.Command):
    """A click command whose examples stand in the help as they are typed, and which runs as a whole process."""

    def __init__(self, *args: Any, examples: str = "", **rest: Any) -> None:
        super().__init__(*args, context_settings=SETTINGS, **rest)
        self.examples = [line.strip() for line in examples.strip().splitlines()]

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.examples:
            formatter.write_paragraph()
            formatter.write("Examples:\n")
            for line in self.examples:
                formatter.write(f"  {line}\n")

    def __call__(self, *args: Any, **rest: Any) -> Any:
        run(self)


def command(
    name: str, examples: str = "", cls: type[Command] = Command
) -> Callable[[Callable[..., Any]], Command]:
    """A command that is no filter: what it returns is its exit code (None is 0)."""

    def declare(function: Callable[..., Any]) -> Command:
        function = click.option("--debug", is_flag=True, help="Show the traceback of an error.")(function)
        function = click.version_option(VERSION, prog_name=name, message=f"{name} (hq) %(version)s")(function)

        @functools.wraps(function)
        def without_debug(*args: Any, debug: bool, **rest: Any) -> Any:
            return function(*args, **rest)

        return click.command(name, cls=cls, examples=examples)(without_debug)

    return declare


class Instead:
    """A stage whose command shows something else than frames, or looks at the stage when it has ended.

    frames   whether frames are written after all; after: takes the exit code of the run, gives the command's
    """

    def __init__(self, stage: Stage, frames: bool, after: Callable[[int], int]) -> None:
        self.stage = stage
        self.frames = frames
        self.after = after


def filter_command(
    name: str, examples: str = "", shows: tuple[str, ...] = ()
) -> Callable[[Callable[..., Any]], Command]:
    """A filter: the function turns its options into a Stage, which then runs from stdin to stdout.

    A function that returns None has done its work already (`--list`); it may return Instead.
    shows   parameters that decide what is shown and not what is computed: no part of a state
    """

    def declare(function: Callable[..., Any]) -> Command:
        @functools.wraps(function)
        def filter_(*args: Any, state: str | None, state_every: int, **rest: Any) -> Any:
            made = function(*args, **rest)
            options = {key: value for key, value in rest.items() if key not in shows}
            if isinstance(made, Instead):
                return made.after(run_stage(name, made.stage, state, state_every, options, made.frames))
            return None if made is None else run_stage(name, made, state, state_every, options)

        wrapped: Callable[..., Any] = click.option(
            "--state-every", type=click.IntRange(min=0), default=0, metavar="ROWS",
            help="Also write the state after this many input rows.",
        )(filter_)
        wrapped = click.option(
            "--state", metavar="FILE",
            help="Start from the state in FILE and leave the state there at the end. A state is to be trusted as a "
            "program is: one that others own or may write is refused.",
        )(wrapped)
        return command(name, examples)(wrapped)

    return declare


def run_stage(
    name: str, stage: Stage, state: str | None, every: int, options: dict[str, Any], frames: bool = True
) -> int:
    """Run a stage from stdin to stdout and tell on stderr what was dropped.

    frames   False: the command has something else to show, so what the stage writes goes nowhere
    """
    from hq_core.flow import Flow, State, open_input

    if os.isatty(2):
        _say_when_compiling(name)
    if os.isatty(0):
        raise HqError(f"stdin is a terminal; pipe data into it, or see {name} --help", USAGE)
    check_descriptors()
    kept = None if state is None else State(state, every, {key: _plain(value) for key, value in options.items()})
    try:
        source = getattr(stage, "source", open_input)(0)    # hq-import opens its input by its own options
        with frames_out(name) if frames else _nowhere() as out:
            try:
                return Flow(stage, name, sys.argv[1:], 0, out).run(source, kept)
            finally:
                _tell(name, stage.dropped, " dropped")
                _tell(name, getattr(source, "passed", {}), " passed over")
                _tell(name, stage.notices, "")
    finally:
        if kept is not None:
            kept.close()


def _tell(name: str, counts: dict[str, int], what: str) -> None:
    for reason, n in counts.items():
        if n:
            say(f"{name}: {reason}: {n} row{'s' * (n != 1)}{what}")


@contextmanager
def frames_out(name: str) -> Iterator[int]:
    """The descriptor for frames: stdout, or where that is a terminal a table of them."""
    if not os.isatty(1):
        yield 1
        return
    from subprocess import PIPE, Popen

    say(f"{name}: stdout is a terminal, so this is a table; in a pipe it is hq-frames")
    table = Popen([sys.executable, "-m", "hq_cli.export", "table", "--rows", "100"], stdin=PIPE)
    assert table.stdin is not None
    try:
        yield table.stdin.fileno()
    finally:
        table.stdin.close()
        table.wait()


@contextmanager
def _nowhere() -> Iterator[int]:
    fd = os.open(os.devnull, os.O_WRONLY)
    try:
        yield fd
    finally:
        os.close(fd)


def _say_when_compiling(name: str) -> None:
    """The very first run of a kernel takes seconds; whoever watches should know why."""
    from hq_core.jit import native

    def tell(kernel: str, why: str) -> None:
        how = f"on every run: {why}" if why else "once on this machine (hq warm does all)"
        say(f"{name}: compiling {kernel}, {how}")

    native.announce = tell


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def check_descriptors() -> None:
    """A closed stdin or stdout would let the next file that is opened take its place."""
    for fd, what, code in ((0, "stdin", NOINPUT), (1, "stdout", IO)):
        try:
            os.fstat(fd)
        except OSError:
            raise HqError(f"{what} is closed", code) from None


def say(line: str) -> None:
    """One line on stderr; a closed stderr is nobody's business."""
    try:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        pass


def run(main: click.Command) -> None:
    """Run a command as the process: every way out has its exit code, and no traceback unless asked for."""
    import gc

    gc.disable()                                        # worth 5 ms; a filter holds no cycles that grow
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)       # `| head` ends a filter silently, as it does seq
    name = main.name or "hq"
    try:
        code = main.main(args=sys.argv[1:], prog_name=name, standalone_mode=False) or 0
    except click.UsageError as error:
        say(f"{name}: {_one_line(error.format_message())}")
        code = USAGE
    except click.Abort:
        code = 130
    except click.ClickException as error:
        say(f"{name}: {_one_line(error.format_message())}")
        code = error.exit_code
    except HqError as error:
        say(f"{name}: {error}")
        code = error.code
        _traceback_if_asked()
    except BrokenPipeError:
        code = 141
    except OSError as error:
        what = error.filename or "cannot write"        # files are opened where they are named; the rest is stdout
        say(f"{name}: {what}: {error.strerror or error}")
        code = IO
    except KeyboardInterrupt:
        code = 130
    except MemoryError:
        say(f"{name}: out of memory")
        code = 71
    except Exception as error:      # noqa: BLE001  the last door: a bug of ours must not look like the user's
        say(f"{name}: this is a bug in hq: {type(error).__name__}: {_one_line(str(error))} (--debug shows where)")
        code = BUG
        _traceback_if_asked()
    try:
        sys.stdout.flush()
    except (OSError, ValueError, AttributeError) as error:
        if code != IO:                                  # else it has been told
            say(f"{name}: cannot write: {getattr(error, 'strerror', None) or 'stdout is closed'}")
        code = IO
    os._exit(code)                                      # nothing is left to do; Python's own shutdown takes 7 ms


def _traceback_if_asked() -> None:
    if "--debug" in sys.argv:
        import traceback

        traceback.print_exc()


def _one_line(text: str) -> str:
    return " ".join(text.split())
