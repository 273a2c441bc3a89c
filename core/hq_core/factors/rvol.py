"""Realised volatility of the mid price."""

from __future__ import annotations

import math

from hq_core.factoring import factor
from hq_core.factors.rvar import rvar
from hq_core.jit import F8


@factor(
    title="Realised Volatility",
    inputs="rvar()",
    outputs={"rvol": "0.., of log returns in the window"},
    params=rvar.params,
    few=rvar.few,
    source="Andersen, Bollerslev, Diebold and Labys 2003, Modeling and forecasting realized volatility",
    oracle="tests/oracles/slow_factors.py",
)
def rvol(variance: F8, window: int, least: int, out: F8) -> None:
    """The root of the realised variance."""
    for i in range(len(variance)):
        out[i] = math.sqrt(variance[i])
