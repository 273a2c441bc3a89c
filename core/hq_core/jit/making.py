"""What is made of a kernel, once: an image, or why there is none, or what numba's own loader keeps."""

from __future__ import annotations

from hq_core import hooks
from hq_core.jit import cache, images
from hq_core.jit.declare import Kernel, fingerprint
from hq_core.jit.machine import route, salt
from hq_core.jit.place import place

addresses: dict[Kernel, int] = {}  # where the machine code of those begins that have been looked for


def name_of(kernel: Kernel) -> str:
    return f"{kernel.name}-{fingerprint(kernel, salt())}"


def there(kernel: Kernel) -> bool:
    """Whether nothing is to be compiled before the kernel can run."""
    if kernel in addresses:
        return True
    if route() == "image":
        found = images.find(kernel)
        kept = cache.find(name_of(kernel)) if found is None else found
        if isinstance(kept, int):
            addresses[kernel] = kept
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
        if route() == "numba" or isinstance(cache.find(name) or compiled(kernel, name), str):
            loaded_by_numba(kernel, name)
        return True


def compiled(kernel: Kernel, name: str) -> int | str:
    """The address of a new image, which is kept for later runs, or why none can be made, which is kept too."""
    tell(kernel)
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


def loaded_by_numba(kernel: Kernel, name: str) -> int:
    """The address of what numba's own loader has, or compiles."""
    from hq_core.jit import loader
    from hq_core.jit.bare import bare
    from hq_core.jit.wrong import explained

    with bare(), explained(kernel):
        return loader.address(kernel, name)


def tell(kernel: Kernel) -> None:
    """Let the command say that it compiles."""
    if hooks.stop is not None:  # the workers may have ended by the same signal
        hooks.stop()
    if hooks.compiling is not None:
        hooks.compiling(kernel.name, place()[1])
