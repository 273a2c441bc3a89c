"""What the engine tells whoever runs it.  The engine knows no terminal: a command puts functions here."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

# the name of a kernel that is about to be compiled, and why its code cannot be kept ('' when it can)
compiling: Callable[[str, str], None] | None = None

# of the kernels that a command will need, how many are compiled, and how many had to be; 0 of 0: nobody waits for them
progress: Callable[[int, int], None] | None = None

# the name of a kernel that another process has been compiling for some seconds, and that process ('' if unknown)
waiting: Callable[[str, str], None] | None = None

# raises where a signal ends the run: to be called again and again while it waits for a compiler, and before it is one
stop: Callable[[], None] | None = None

# a line for whoever runs it, that is no error: something was left aside
note: Callable[[str], None] | None = None

# within it, what anybody prints does not go to stdout, where the stream may be
aside: Callable[[], AbstractContextManager[object]] | None = None

# the process is a command's: no program around it uses the libraries that the engine imports
alone: bool = False
