"""Of the many NaNs of a float64 one: what leaves a graph has the same bits however it was computed.

Of two operands that are NaN an instruction passes on the first; which one that is, and whether a NaN is computed in the
run or by the compiler, differs between the loop over many rows and the one over the last few, and between compilers.
"""

from __future__ import annotations

import math

from hq_core.jit import F8, kernel


@kernel()
def one_nan(x: F8) -> None:
    """Make each NaN of a column `math.nan`."""
    n = len(x)
    half = n // 2
    some = 0
    for i in range(half):  # one comparison of two values says whether either is NaN
        some += (x[i] != x[i]) | (x[half + i] != x[half + i])
    if some > 0 or (n > 0 and x[n - 1] != x[n - 1]):
        for i in range(n):
            x[i] = x[i] if x[i] == x[i] else math.nan
