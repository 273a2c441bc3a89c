"""The kernels that an expression's operation may name."""

from __future__ import annotations

from hq_core.jit import Kernel
from hq_core.kernels import clock, ops, since, variable

_MODULES = (clock, since, variable, ops)
_KERNELS = {name: made for module in _MODULES for name, made in vars(module).items() if isinstance(made, Kernel)}


def operator(name: str) -> Kernel:
    """The kernel of this name."""
    return _KERNELS[name]
