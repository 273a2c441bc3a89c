"""numba as it is by itself: nothing that the environment or the current folder asks of it.

NUMBA_* variables and a file .numba_config.yaml change code that is kept for later runs, print into the output
(NUMBA_DUMP_IR) or move caches.  All of them are out of the way while a kernel is compiled, and back afterwards: in a
program that uses hq as a library they are meant for its own functions.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIXES = ("NUMBA_", "LLVMLITE_")
FILE = ".numba_config.yaml"  # read at the import of numba and at each compilation


@contextmanager
def bare() -> Iterator[None]:
    """Import numba and use it within this."""
    names = [name for name in os.environ if name.startswith(PREFIXES)]
    if "numba" in sys.modules and "NUMBA_NUM_THREADS" in names:
        names.remove("NUMBA_NUM_THREADS")  # numba refuses another number once its threads run; no code has it
    taken = {name: os.environ.pop(name) for name in names}
    try:
        config = _config()
        before = {name: value for name, value in vars(config).items() if name.isupper()}
        reloader: Any = config._env_reloader
        environ, file = reloader.old_environ, config._config_fname
        try:
            config._config_fname = os.devnull
            reloader.reset()
            yield
        finally:
            vars(config).update(before)
            reloader.old_environ, config._config_fname = environ, file
    finally:
        os.environ.update(taken)


def _config() -> Any:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy would start threads that a filter never uses
    if "numba" in sys.modules or not os.path.exists(FILE):
        from numba.core import config

        return config
    here = os.open(".", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    os.chdir("/")
    try:
        from numba.core import config
    finally:
        os.fchdir(here)
        os.close(here)
    return config
