"""A kernel that does not compile, told as its author needs it: the file, the line, what is wrong there."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hq_core.errors import HqError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from hq_core.jit.declare import Kernel

SEEN = "a kernel sees numbers, tuples of them, math, functions marked @inline and other kernels"


@contextmanager
def explained(kernel: Kernel) -> Iterator[None]:
    """Compile `kernel` within this.  What fails in a kernel of hq's own stays what it is: a bug."""
    try:
        yield
    except (HqError, OSError, MemoryError):
        raise
    except Exception as error:
        if kernel.function.__module__.partition(".")[0] == "hq_core":
            raise
        raise HqError(_as_line(kernel, str(error))) from error  # whose text a traceback shows whole


def _as_line(kernel: Kernel, text: str) -> str:
    """Of the compiler's many lines the first that says something, and the place that it is about."""
    code = kernel.function.__code__
    lines = [line.strip() for line in text.splitlines()]
    what = next((line for line in lines if line and not line.startswith("Failed in ")), "does not compile")
    if what.endswith(":"):  # the call that it speaks of stands below, behind three signs
        what = f"{what} {next(iter(re.findall(r'^ *>{3} (.*)', text, re.M)), '')}".rstrip(": ")
    file, line = code.co_filename, code.co_firstlineno
    numbers = re.findall(rf'File "[^"]*{re.escape(file.rpartition("/")[2])}", line (\d+)', text)
    if numbers:
        line = int(numbers[0])
    named = "".join(re.findall(r"(?:name|attribute) '(\w+)'", what)[:1])
    for function in _seen(kernel.function) if named else ():
        at = _line_of(named, function)
        if at:
            file, line = function.__code__.co_filename, at
            what = _about_name(what, named, function)
            break
    return f"{file}, line {line}: kernel {kernel.name}: {what}"


def _about_name(what: str, name: str, function: Callable[..., Any]) -> str:
    if "is not defined" not in what:
        return what
    if name in function.__globals__:
        return f"{name} cannot be used here; {SEEN}"
    code = function.__code__
    return what + did_you_mean(name, [*code.co_varnames, *function.__globals__])


def _seen(function: Callable[..., Any]) -> list[Callable[..., Any]]:
    """The function and those that it calls, each once."""
    from hq_core.jit.declare import helpers

    found = [function]
    for one in found:
        found += [other for other in helpers(one).values() if other not in found]
    return found


def _line_of(name: str, function: Callable[..., Any]) -> int:
    """The first line on which a function reads a name that is none of its own, or an attribute; 0 if it does not.

    The compiler tells no place of a name that nothing has.
    """
    from dis import get_instructions

    for step in get_instructions(function):
        if step.argval == name and step.opname.startswith("LOAD_") and "FAST" not in step.opname and step.positions:
            return step.positions.lineno or 0
    return 0
