"""The native loop: every node of a graph over a batch in one call from Python."""
from __future__ import annotations

from hq_core.jit.declare import I8, kernel


def hq_call(function: int, block: int) -> int:
    """Stands for the call of machine code; the compiler puts the real one in its place."""
    raise NotImplementedError


@kernel()
def engine(plan: I8) -> None:
    """plan  (2k,)  address of a kernel's entry and of its argument block, k times, in the order to run"""
    for i in range(0, len(plan), 2):
        hq_call(plan[i], plan[i + 1])
