"""A kernel that does not compile, told as its author needs it: the file, the line, what is wrong there."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hq_core.errors import DATA, HqError, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        raise HqError(*_as_line(kernel, str(error))) from error


def _as_line(kernel: Kernel, text: str) -> tuple[str, int, str]:
    """Of numba's many lines the first that says something, the place, and all of them below it."""
    code = kernel.function.__code__
    lines = text.splitlines()
    what = next((line for line in lines if line.strip() and not line.startswith("Failed in ")), "does not compile")
    numbers = re.findall(rf'File "[^"]*{re.escape(code.co_filename.rpartition("/")[2])}", line (\d+)', text)
    line = numbers[0] if numbers else code.co_firstlineno
    hidden = re.search(r"name '(\w+)' is not defined", what)
    if hidden and hidden[1] in kernel.function.__globals__:
        what = f"{hidden[1]} cannot be used here; {SEEN}"
    below = "".join(f"\n{printable(line)}" for line in lines)
    return f"{code.co_filename}, line {line}: kernel {kernel.name}: {what}", DATA, below
