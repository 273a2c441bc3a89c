"""Mass Index."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.registry import Param


@kernel()
def bulge(once: F8, twice: F8, out: F8) -> None:
    """once / twice; 1 where twice is 0."""
    for i in range(len(once)):
        known = twice[i] != 0.0
        out[i] = (once[i] if known else 1.0) / (twice[i] if known else 1.0)


@composite(
    title="Mass Index",
    inputs="high low",
    outputs={"massi": "ratio, 25 where the range stays as it is"},
    params={
        "fast": Param(9, 2, 100_000, "rows in each of the two averages"),
        "slow": Param(25, 2, 100_000, "rows in the sum"),
    },
    source="Dorsey 1992, Technical Analysis of Stocks & Commodities 10(6)",
    talib="MASSI",
)
def massi(on: Nodes, high: Line, low: Line, fast: int, slow: int) -> Line:
    """Sum over `slow` rows of the average range over that average's average, which is 1 where both are 0, as TA-Lib."""
    range_ = on.ema(high - low, fast)
    found: Line = on.sum(on.apply(bulge, range_, on.ema(range_, fast)), slow)
    return found
