"""Whose exception it is: one that passed through a plug-in's file is the plug-in's (65), all others are bugs of hq."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from hq_core import hooks
from hq_core.errors import DATA, HqError, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

users: set[str] = set()  # top names of the packages that plug-ins are


@contextmanager
def running(name: str, where: str) -> Iterator[None]:
    """Within this a plug-in's code runs: whatever it raises is told as its own, what it prints goes to stderr."""
    try:
        with nullcontext() if hooks.aside is None else hooks.aside():
            yield
    except HqError:
        raise
    except BaseException as error:
        if _of_a_signal(error):
            raise
        raise theirs(error) or _said(f"indicator {name} of {where}", error, []) from error


def _of_a_signal(error: BaseException) -> bool:
    """Whether a handler of signals has raised it, and not the plug-in's code that it met."""
    if isinstance(error, KeyboardInterrupt):
        return signal.getsignal(signal.SIGINT) is signal.default_int_handler
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    module = "" if last is None else str(last.tb_frame.f_globals.get("__name__", ""))
    return not isinstance(error, (Exception, SystemExit)) and not _is_users(module)


def theirs(error: BaseException) -> HqError | None:
    """The exception as an error that reaches the user, with the plug-in's own part of the traceback; None if it did
    not pass through one."""
    import traceback

    if isinstance(error, SyntaxError) and error.filename and users:
        return _said(f"{error.filename}, line {error.lineno}", error, [])
    tracks = list(traceback.walk_tb(error.__traceback__))
    at = [i for i, (frame, _) in enumerate(tracks) if _is_users(str(frame.f_globals.get("__name__", "")))]
    if not at:
        return None
    frame, line = tracks[at[-1]]
    lines = traceback.format_list(traceback.StackSummary.extract(iter(tracks[at[0] : at[-1] + 1])))
    file = frame.f_code.co_filename
    return _said(f"{file}, line {line}", error, lines, _sibling(error, file))


def _is_users(module: str) -> bool:
    return module.partition(".")[0] in users


def _sibling(error: BaseException, file: str) -> str:
    """What to write where a file of the same folder was meant; '' for anything else."""
    name = error.name if isinstance(error, ModuleNotFoundError) else None
    there = name and os.path.exists(os.path.join(os.path.dirname(file), f"{name}.py"))
    return f"write 'from . import {name}'" if there else ""


def _said(where: str, error: BaseException, lines: list[str], remedy: str = "") -> HqError:
    import traceback

    what = type(error).__name__ + (f": {' '.join(str(error).split())}" if str(error) else "")
    below = "".join([*lines, *traceback.format_exception_only(error)]).splitlines()
    text = f"{where}: {what}; {remedy or 'correct it there, hq-indicators --test tests it'}"
    return HqError(text, DATA, "".join(f"\n{printable(one)}" for one in below))
