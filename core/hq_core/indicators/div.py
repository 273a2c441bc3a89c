"""Ratio of Two Columns."""

from __future__ import annotations

import math

from hq_core.jit import F8
from hq_core.kernels.smooth import finite
from hq_core.registry import indicator


@indicator(
    title="Ratio of Two Columns",
    inputs="high low",
    outputs={"div": "ratio of the inputs' units"},
    params={},
    warmup=lambda: 0,
    source="definition: the first over the second",
    talib="DIV",
)
def div(high: F8, low: F8, out: F8) -> None:
    """First input over the second.

    high, low  (n,)  any unit; any two columns may be named; a nan or infinite one makes the row nan
    out        (n,)  ratio of their units; over 0 infinite, or nan if both are 0, as TA-Lib

    The language's `/` differs: it is nan over 0, as an infinite ratio would pass every threshold.
    """
    for i in range(len(high)):
        one = high[i]
        other = low[i]
        known = finite(one) & finite(other) & ((one != 0.0) | (other != 0.0))
        apart = other if other != 0.0 else 1.0
        beyond = math.copysign(math.inf, one) * math.copysign(1.0, other)
        found = one / apart if other != 0.0 else beyond
        out[i] = found if known else math.nan
