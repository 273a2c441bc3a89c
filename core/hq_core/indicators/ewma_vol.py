"""Exponentially Weighted Volatility."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, State, kernel
from hq_core.kernels.smooth import finite
from hq_core.kernels.volatility import squared
from hq_core.registry import Param


@kernel(state="mean seen:i8")
def decayed(square: F8, decay: float, annual: float, s: State, out: F8) -> None:
    """Root of the average that keeps `decay` of itself; it starts at the first finite row, the others are passed over.

    s  mean: the average; seen: 1 after the first row
    """
    mean = s.mean
    seen = s.seen
    for i in range(len(square)):
        value = square[i]
        out[i] = math.nan
        if finite(value):
            mean = decay * mean + (1.0 - decay) * value if seen > 0 else value
            seen = 1
            out[i] = math.sqrt(mean * annual)
    s.mean = mean
    s.seen = seen


@composite(
    title="Exponentially Weighted Volatility",
    inputs="close",
    outputs={"ewma_vol": "ratio >= 0, a row"},
    params={
        "decay": Param(0.94, 0.0, 0.999999, "what each row's weight is times of the one after it, lambda"),
        "annual": Param(1.0, 0.0, 1e9, "rows a year: factor on the variance; 1 leaves it per row"),
    },
    source="J.P. Morgan and Reuters 1996, RiskMetrics Technical Document, ch. 5",
)
def ewma_vol(on: Nodes, close: Line, decay: float, annual: float) -> Line:
    """Root of an exponential average of squared logarithmic returns, the newest row's among them: RiskMetrics' forecast
    for the row after.

    The first squared return is its seed.  A row that is not finite or not positive has no return, nor has the row
    after it; both give nan and are passed over.
    """
    found: Line = on.apply(decayed, on.apply(squared, close, on.lag(close, 1)), decay=decay, annual=annual)
    return found
