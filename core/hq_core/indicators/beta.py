"""Beta."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.kernels.fit import co_moments
from hq_core.registry import Param


@kernel()
def rise(xx: F8, xy: F8, out: F8) -> None:
    """xy / xx; 0 where xx is 0."""
    for i in range(len(xx)):
        known = xx[i] != 0.0
        out[i] = (xy[i] if known else 0.0 * xy[i]) / (xx[i] if known else 1.0)


@composite(
    title="Beta",
    inputs="high low",
    outputs={"beta": "ratio"},
    params={"period": Param(5, 1, 100_000, "returns in the window")},
    source="Sharpe 1964, Journal of Finance 19(3)",
    talib="BETA",
)
def beta(on: Nodes, high: Line, low: Line, period: int) -> Line:
    """How much the second column's returns change with the first's: covariance over the first's variance, of the last
    `period` returns from row to row; 0 where the first's returns are constant, as TA-Lib."""
    moments = on.apply(
        co_moments, on.rocp(high, 1), on.rocp(low, 1), outputs=3, ring=5 * period, warmup=period - 1, period=period
    )
    found: Line = on.apply(rise, *moments[:2])
    return found
