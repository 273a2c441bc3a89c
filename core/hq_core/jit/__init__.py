"""The only door to numba: declare a kernel, get the address of its machine code.

A warm run needs no compiler.  `load` maps an image that an earlier run compiled; where there is none it
imports numba, compiles the kernel once and publishes the image.  `HQ_JIT=numba` runs the same kernels through
numba's own loader instead, which is also what happens on a platform that the image route does not serve.
"""

from __future__ import annotations

from hq_core.jit.bits import bits_of, float_of, load8, store8, upper_product
from hq_core.jit.cell import ArgumentBlock, Cell, address_of, check, slots_of
from hq_core.jit.declare import ARRAYS, B1, COLUMNS, F4, F8, I1, I2, I4, I8, U1, Kernel, State, apart, inline, kernel
from hq_core.jit.engine import BREAKS, STOPS, engine, engine_apart, hq_call, rounds, row_by_row
from hq_core.jit.native import address, load

__all__ = [
    "ARRAYS",
    "B1",
    "BREAKS",
    "COLUMNS",
    "F4",
    "F8",
    "I1",
    "I2",
    "I4",
    "I8",
    "STOPS",
    "U1",
    "ArgumentBlock",
    "Cell",
    "Kernel",
    "State",
    "address",
    "address_of",
    "apart",
    "bits_of",
    "check",
    "engine",
    "engine_apart",
    "float_of",
    "hq_call",
    "inline",
    "kernel",
    "load8",
    "store8",
    "upper_product",
    "load",
    "rounds",
    "row_by_row",
    "slots_of",
]
