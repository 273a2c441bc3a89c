"""Powers."""

from __future__ import annotations

import math

from hq_core.jit import bits_of, inline
from hq_core.kernels.maths.exp import exp_pair
from hq_core.kernels.maths.log import log_pair
from hq_core.kernels.maths.pairs import mul, scaled


@inline
def pow(x: float, y: float) -> float:
    """x to the power y, as C99 has it: 1 where y is 0 or x is 1, even if the other is nan."""
    if (y == 0.0) | (x == 1.0):
        return 1.0
    if (x != x) | (y != y):
        return math.nan
    size = abs(x)
    sign = 1.0
    if bits_of(x) < 0:  # negative, -0 as well
        whole = True
        if abs(y) < 9007199254740992.0:  # 2^53: from here on every float64 is an even number
            part = int(abs(y))
            whole = float(part) == abs(y)
            if whole and (part & 1) == 1:
                sign = -1.0
        if not whole and 0.0 < size < math.inf:
            return math.nan
    if (size == 0.0) | (size == math.inf):
        return sign * (0.0 if (size == 0.0) == (y > 0.0) else math.inf)
    if size == 1.0:
        return sign
    if abs(y) == math.inf:
        return math.inf if (size > 1.0) == (y > 0.0) else 0.0
    high, low = log_pair(size)
    if abs(y * high) > 750.0:
        return sign * (math.inf if (high > 0.0) == (y > 0.0) else 0.0)
    product, rest = mul(high, y)
    high, low, exponent = exp_pair(product, rest + low * y)
    return sign * scaled(high, low, exponent)
