"""A kernel for tests: compiled so that an index outside a column is an IndexError."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.jit.bare import bare
from hq_core.jit.wrong import explained

if TYPE_CHECKING:
    from collections.abc import Callable

    from hq_core.jit.declare import Kernel


def guarded(kernel: Kernel) -> Callable[..., None]:
    """The kernel as a function of numpy arrays, numbers and a record of its state; slow to compile, never kept."""
    with bare(), explained(kernel):
        from hq_core.jit import compile

        made: Any = compile.compiled(kernel.function, checked=True)

    def run(*given: Any) -> None:
        with bare():  # numba compiles at the first call
            made(*given)

    return run
