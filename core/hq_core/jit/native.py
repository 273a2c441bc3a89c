"""From a kernel to a callable: by an image that came with hq, by a cached or a new one, or by numba's own loader."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core import hooks
from hq_core.jit import ahead, cache, images
from hq_core.jit.declare import Kernel, fingerprint
from hq_core.jit.machine import route, salt
from hq_core.jit.place import place

if TYPE_CHECKING:
    from collections.abc import Callable

_loaded: dict[Kernel, Callable[[int], int]] = {}
_addresses: dict[Kernel, int] = {}


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
    found = _addresses.get(kernel)
    if found is None:
        found = _addresses[kernel] = _by_numba(kernel) if route() == "numba" else _by_image(kernel)
    return found


def loader_reason(kernel: Kernel) -> str:
    """Why no image can be made of this kernel, so that it runs through numba's own loader; '' when it has one."""
    if route() != "image" or images.find(kernel) is not None:
        return ""
    found = cache.find(name_of(kernel))
    return found if isinstance(found, str) else ""


def name_of(kernel: Kernel) -> str:
    return f"{kernel.name}-{fingerprint(kernel, salt())}"


def _by_image(kernel: Kernel) -> int:
    ours = images.find(kernel)
    if ours is not None:
        return ours
    name = name_of(kernel)
    found = cache.find(name)
    if found is None and ahead.wait(kernel):
        found = _addresses.get(kernel) or cache.find(name)
    if found is None:
        with cache.lock(
            name, patient=not ahead.silent()
        ):  # of a pipeline's processes one compiles, the others wait here
            found = cache.find(name)
            if found is None:
                found = _compile(kernel, name)
                if isinstance(found, str):
                    return _loaded_by_numba(kernel, name)
    return _by_numba(kernel) if isinstance(found, str) else found


def there(kernel: Kernel) -> bool:
    """Whether nothing is to be compiled before the kernel can run."""
    if kernel in _addresses:
        return True
    if route() == "image":
        found = images.find(kernel)
        kept = cache.find(name_of(kernel)) if found is None else found
        if isinstance(kept, int):
            _addresses[kernel] = kept
        if not isinstance(kept, str):
            return kept is not None
    from hq_core.jit import loader

    return loader.kept(kernel, name_of(kernel))


def make(kernel: Kernel) -> bool:
    """Compile a kernel for later runs; False where that has been done or another process is at it."""
    if there(kernel):
        return False
    name = name_of(kernel)
    with cache.lock(name, patient=False) as ours:
        if not ours or there(kernel):
            return False
        if route() == "numba" or isinstance(cache.find(name) or _compile(kernel, name), str):
            _loaded_by_numba(kernel, name)
        return True


def _compile(kernel: Kernel, name: str) -> int | str:
    """The address of a new image, which is kept for later runs, or why none can be made, which is kept too."""
    _tell(kernel)
    from hq_core.jit.bare import bare
    from hq_core.jit.wrong import explained

    with bare(), explained(kernel):
        from hq_core.jit import compile, flat

        try:
            code, start = compile.image(kernel)
        except flat.Unsupported as error:
            cache.refuse(name, str(error))
            cache.note(f"kernel {error}; it runs through numba's own loader, which starts slower")
            return str(error)
    return cache.publish(name, code, start)


def _by_numba(kernel: Kernel) -> int:
    from hq_core.jit import loader

    name = name_of(kernel)
    with cache.lock(name, patient=not ahead.silent()):
        if not loader.kept(kernel, name):
            _tell(kernel)
        return _loaded_by_numba(kernel, name)


def _loaded_by_numba(kernel: Kernel, name: str) -> int:
    from hq_core.jit import loader
    from hq_core.jit.bare import bare
    from hq_core.jit.wrong import explained

    with bare(), explained(kernel):
        return loader.address(kernel, name)


def _tell(kernel: Kernel) -> None:
    if hooks.stop is not None:  # the workers may have ended by the same signal
        hooks.stop()
    if hooks.compiling is not None:
        hooks.compiling(kernel.name, place()[1])
