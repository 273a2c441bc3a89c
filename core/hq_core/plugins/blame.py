"""Whose exception it is: one that passed through a plug-in's file is the plug-in's (65), all others are bugs of hq."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from hq_core import hooks
from hq_core.errors import DATA, HqError, Theirs, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

REMEDY = "correct it there, hq-indicators --test tests it"
users: dict[str, str] = {}  # top names of the packages that plug-ins are, and what to do about an exception of theirs


@contextmanager
def running(what: str, remedy: str = REMEDY) -> Iterator[None]:
    """Within this a plug-in's code runs: whatever it raises is told as its own, what it prints goes to stderr.

    what  is running, where the exception does not tell: an indicator and its file
    """
    try:
        with nullcontext() if hooks.aside is None else hooks.aside():
            yield
    except HqError:
        raise
    except BaseException as error:
        if of_a_signal(error):
            raise
        raise theirs(error) or said(what, error, [], remedy) from error


def of_a_signal(error: BaseException) -> bool:
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
        return said(f"{error.filename}, line {error.lineno}", error, [], "correct it there")
    tracks = list(traceback.walk_tb(error.__traceback__))
    at = [i for i, (frame, _) in enumerate(tracks) if _is_users(str(frame.f_globals.get("__name__", "")))]
    if not at:
        return None
    frame, line = tracks[at[-1]]
    lines = traceback.format_list(traceback.StackSummary.extract(iter(tracks[at[0] : at[-1] + 1])))
    file = frame.f_code.co_filename
    remedy = users[_top(str(frame.f_globals["__name__"]))]
    return said(f"{file}, line {line}", error, lines, _sibling(error, file) or remedy)


def _is_users(module: str) -> bool:
    return _top(module) in users


def _top(module: str) -> str:
    return module.partition(".")[0]


def _sibling(error: BaseException, file: str) -> str:
    """What to write where a file of the same folder was meant; '' for anything else."""
    name = error.name if isinstance(error, ModuleNotFoundError) else None
    there = name and os.path.exists(os.path.join(os.path.dirname(file), f"{name}.py"))
    return f"write 'from . import {name}'" if there else ""


def said(where: str, error: BaseException, lines: list[str], remedy: str) -> HqError:
    """The error of a plug-in's exception; lines: of its traceback."""
    import traceback

    what = type(error).__name__ + (f": {' '.join(str(error).split())}" if str(error) else "")
    below = "".join([*lines, *traceback.format_exception_only(error)]).splitlines()
    return Theirs(f"{where}: {what}; {remedy}", DATA, "".join(f"\n{printable(one)}" for one in below))
