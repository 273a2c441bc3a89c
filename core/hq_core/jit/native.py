"""From a kernel to a callable: by an image that came with hq, by a cached or a new one, or by numba's own loader."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core.jit import ahead, cache, images, making
from hq_core.jit.machine import route
from hq_core.jit.making import name_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from hq_core.jit.declare import Kernel

_loaded: dict[Kernel, Callable[[int], int]] = {}


def load(kernel: Kernel) -> Callable[[int], int]:
    """The native function of `kernel`; it takes the address of an argument block and returns 0."""
    call = _loaded.get(kernel)
    if call is None:
        import ctypes

        call = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(address(kernel))
        _loaded[kernel] = call
    return call


def address(kernel: Kernel) -> int:
    """Where the machine code of `kernel` begins."""
    found = making.addresses.get(kernel)
    if found is None:
        found = making.addresses[kernel] = _by_numba(kernel) if route() == "numba" else _by_image(kernel)
    return found


def loader_reason(kernel: Kernel) -> str:
    """Why no image can be made of this kernel, so that it runs through numba's own loader; '' when it has one."""
    if route() != "image" or images.find(kernel) is not None:
        return ""
    found = cache.find(name_of(kernel))
    return found if isinstance(found, str) else ""


def _by_image(kernel: Kernel) -> int:
    ours = images.find(kernel)
    if ours is not None:
        return ours
    name = name_of(kernel)
    found = cache.find(name)
    if found is None and ahead.wait(kernel):
        found = making.addresses.get(kernel) or cache.find(name)
    if found is None:
        # of a pipeline's processes one compiles, the others wait here
        with cache.lock(name, patient=not ahead.silent()):
            found = cache.find(name)
            if found is None:
                found = making.compiled(kernel, name)
                if isinstance(found, str):
                    return making.loaded_by_numba(kernel, name)
    return _by_numba(kernel) if isinstance(found, str) else found


def _by_numba(kernel: Kernel) -> int:
    from hq_core.jit import loader

    name = name_of(kernel)
    with cache.lock(name, patient=not ahead.silent()):
        if not loader.kept(kernel, name):
            making.tell(kernel)
        return making.loaded_by_numba(kernel, name)
