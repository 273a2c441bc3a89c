"""The kernels that an expression's operation may name."""

from __future__ import annotations

from hq_core.jit import Kernel
from hq_core.kernels import moment, ops, since


def operator(name: str) -> Kernel:
    """The kernel of this name."""
    found: Kernel = next(getattr(module, name) for module in (ops, since, moment) if hasattr(module, name))
    return found
