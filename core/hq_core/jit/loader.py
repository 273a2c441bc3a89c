"""numba's own loader: the same kernels, the same bits, slower to start, and on every platform that numba serves."""

from __future__ import annotations

import os
import stat
from typing import Any

from hq_core.jit import cache
from hq_core.jit.declare import Kernel
from hq_core.jit.place import make

_keep: list[Any] = []


def kept(kernel: Kernel, name: str) -> bool:
    """Whether numba has kept what it compiled for the kernel of this fingerprint name."""
    home = _home()
    name = _of_module(kernel, name)
    if not home:
        return False
    from glob import escape, glob

    return bool(glob(os.path.join(escape(home), "*", name + ".*.nbi")))


def address(kernel: Kernel, name: str) -> int:
    """The address of the entry; call it within `bare`.

    numba keeps its result beside the entry's source, which is written under `name` (a fingerprint) for that purpose:
    by itself numba would not notice that a function which the cached one calls has changed.
    """
    import numba

    from hq_core.jit.compile import ENTRY, OPTIONS, source

    text, names = source(kernel)
    home = _home()
    name = _of_module(kernel, name)
    path = _written(home, name, text) if home else ""
    vars(numba)["config"].CACHE_DIR = home
    exec(compile(text, path or "<entry>", "exec"), names)
    entry: Any = None
    if path:
        try:
            entry = numba.cfunc(ENTRY, cache=True, **OPTIONS)(names["entry"])
        except OSError as error:  # a full disk, say
            cache.note(f"kernel {name} not kept: {error}")
    if entry is None:
        entry = numba.cfunc(ENTRY, **OPTIONS)(names["entry"])
    _keep.append(entry)
    return int(entry.address)


def _of_module(kernel: Kernel, name: str) -> str:
    """The name with the kernel's module, by which numba finds again what it has kept: the same text of the user's own
    may come out of a folder and out of a package."""
    from hashlib import blake2b

    module = kernel.function.__module__ or ""  # none where a program made it of a text
    return f"{name}-{blake2b(module.encode(), digest_size=6).hexdigest()}"


def _home() -> str:
    """The folder for numba, which makes what lies in it by the umask and reads it as a program: shut to all others."""
    where = cache.folder()
    if not where:
        return ""
    home = os.path.join(where, "loader")
    try:
        make(home)
        status = os.lstat(home)
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o077:
            raise ValueError("it must be a folder of yours that others cannot enter (chmod 700)")
        if not os.access(home, os.W_OK):
            raise ValueError("it cannot be written")
    except (OSError, ValueError) as error:
        cache.note(f"cache {home} not used: {error}")
        return ""
    return home


def _written(home: str, name: str, text: str) -> str:
    """The path of the entry's source; '' when it cannot be written."""
    import tempfile

    path = os.path.join(home, name + ".py")
    if os.path.exists(path):
        return path
    try:
        fd, temporary = tempfile.mkstemp(dir=home)
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(temporary, path)
    except OSError as error:
        cache.note(f"kernel {name} not kept: {error}")
        return ""
    return path
