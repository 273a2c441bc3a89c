"""From a kernel to a callable: by its cached image, by compiling one, or through numba's own loader."""
from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from hq_core.jit import cache
from hq_core.jit.declare import Kernel, fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable

ABI = 3     # raise it when the entry convention, the image layout or the optimiser's settings change

LEVELS = ("x86-64-v2", "x86-64-v3")
THIRD = {b"abm", b"avx2", b"bmi1", b"bmi2", b"f16c", b"fma", b"movbe"}      # what the third level asks for

# told the name of a kernel that is about to be compiled, and why its code cannot be kept ('' when it can)
announce: Callable[[str, str], None] | None = None

_loaded: dict[Kernel, Callable[[int], int]] = {}
_addresses: dict[Kernel, int] = {}
_salt = ""


def load(kernel: Kernel) -> Callable[[int], int]:
    """The native function of `kernel`; it takes the address of an argument block and returns 0."""
    call = _loaded.get(kernel)
    if call is None:
        import ctypes

        call = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(address(kernel))
        _loaded[kernel] = call
    return call


def load_quick(kernel: Kernel) -> Callable[[int], None]:
    """As `load`, for calls of some nanoseconds: other threads wait meanwhile, and nothing is returned."""
    import ctypes

    return ctypes.PYFUNCTYPE(None, ctypes.c_void_p)(address(kernel))


def address(kernel: Kernel) -> int:
    """Where the machine code of `kernel` begins."""
    found = _addresses.get(kernel)
    if found is None:
        found = _addresses[kernel] = _by_numba(kernel) if route() == "numba" else _by_image(kernel)
    return found


def route() -> str:
    """'image' where images serve (Linux on x86-64), else 'numba'; HQ_JIT=numba asks for the latter."""
    if os.environ.get("HQ_JIT", "image") == "numba":
        return "numba"
    return "image" if sys.platform == "linux" and os.uname().machine == "x86_64" else "numba"


def _by_image(kernel: Kernel) -> int:
    name = f"{kernel.name}-{fingerprint(kernel, salt())}"
    found = cache.find(name)
    if found is None:
        with cache.lock(name):              # of a pipeline's processes one compiles, the others wait here
            found = cache.find(name)
            if found is None:
                if announce is not None:
                    announce(kernel.name, "" if cache.folder() else cache.notes[-1])
                from hq_core.jit import compile

                code, start = compile.image(kernel)
                found = cache.publish(name, code, start)
    return found


def _by_numba(kernel: Kernel) -> int:
    from hq_core.jit import compile

    name = f"{kernel.name}-{fingerprint(kernel, salt())}"
    with cache.lock(name):
        return compile.in_process(kernel, name, cache.folder())


def processor() -> str:
    """The level of x86-64 that images are for: $HQ_PROCESSOR, else the third where this machine has all of it.

    The level changes how many rows one instruction takes, never a bit: nothing is fused or reordered.
    """
    asked = os.environ.get("HQ_PROCESSOR")
    if asked:
        return asked
    try:
        with open("/proc/cpuinfo", "rb") as file:
            flags = set(file.read(4096).partition(b"\nflags")[2].partition(b"\n")[0].split())
    except OSError:
        return LEVELS[0]
    return LEVELS[1] if flags >= THIRD else LEVELS[0]


def salt() -> str:
    """All that the machine code depends on besides the kernel: our ABI, Python, and the two compilers."""
    global _salt
    if not _salt:
        from importlib.util import find_spec

        parts = [str(ABI), sys.version, os.uname().machine, processor()]
        for package in ("numba", "llvmlite"):
            spec = find_spec(package)           # the version is read, not imported: numba costs 0.2 s
            if spec is None or spec.origin is None:
                raise ModuleNotFoundError(package)
            with open(os.path.join(os.path.dirname(spec.origin), "_version.py"), encoding="utf-8") as file:
                parts.append(file.read())
        _salt = "\n".join(parts)
    return _salt
