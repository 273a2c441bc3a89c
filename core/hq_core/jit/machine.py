"""What machine code is made for: the route to it, the processor's level, and the salt of its names."""

from __future__ import annotations

import os
import sys

from hq_core.errors import CONFIG, SERVICE, HqError

ABI = 5  # raise it when the entry convention, the image layout or the optimiser's settings change

ROUTES = ("image", "numba")
LEVELS = ("x86-64-v2", "x86-64-v3")
THIRD = {b"abm", b"avx2", b"bmi1", b"bmi2", b"f16c", b"fma", b"movbe"}  # what the third level asks for

_salt = ""
_processor = ""


def route() -> str:
    """'image' where images serve (Linux on x86-64), else 'numba'; HQ_JIT=numba asks for the latter."""
    if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
        raise HqError("NUMBA_DISABLE_JIT is set, but hq runs on compiled kernels; unset it", CONFIG)
    asked = _asked("HQ_JIT", ROUTES)
    if asked == "numba":
        return asked
    return "image" if sys.platform == "linux" and os.uname().machine == "x86_64" else "numba"


def processor() -> str:
    """The level of x86-64 that images are for: $HQ_PROCESSOR, else the third where this machine has all of it.

    The level changes how many rows one instruction takes, never a bit: nothing is fused or reordered.
    """
    global _processor
    if not _processor:
        _processor = _looked_up()
    return _processor


def _looked_up() -> str:
    asked = _asked("HQ_PROCESSOR", LEVELS)
    if asked == LEVELS[0]:
        return asked
    try:
        with open("/proc/cpuinfo", "rb") as file:
            flags = set(file.read(4096).partition(b"\nflags")[2].partition(b"\n")[0].split())
    except OSError:
        flags = set()
    if flags >= THIRD:
        return LEVELS[1]
    if asked:
        raise HqError(f"HQ_PROCESSOR is {asked}, which this machine is not; unset it, or use {LEVELS[0]}", CONFIG)
    return LEVELS[0]


def _asked(name: str, known: tuple[str, ...]) -> str:
    """The value of an environment variable that takes a few words; '' when it is not set."""
    asked = os.environ.get(name, "")
    if asked and asked not in known:
        raise HqError(f"{name} is {asked}; it may be {' or '.join(known)}, or be unset", CONFIG)
    return asked


def salt() -> str:
    """All that the machine code depends on besides the kernel: our ABI, Python, and the two compilers."""
    global _salt
    if not _salt:
        from importlib.util import find_spec

        parts = [str(ABI), sys.version, os.uname().machine, processor()]
        for package in ("numba", "llvmlite"):
            spec = find_spec(package)  # the version is read, not imported: numba costs 0.2 s
            try:
                if spec is None or spec.origin is None:
                    raise FileNotFoundError
                with open(os.path.join(os.path.dirname(spec.origin), "_version.py"), encoding="utf-8") as file:
                    parts.append(file.read())
            except FileNotFoundError:
                what = f"{package} is missing, which compiles what did not come compiled with hq"
                raise HqError(what, SERVICE, hint=f"pip install {package}") from None
        _salt = "\n".join(parts)
    return _salt


def build_salt() -> str:
    """All that an image made elsewhere depends on besides the kernel: our ABI, which Python reads it, the processor."""
    version = ".".join(map(str, sys.version_info[:2]))
    return "\n".join((str(ABI), sys.implementation.name, version, os.uname().machine, processor()))
