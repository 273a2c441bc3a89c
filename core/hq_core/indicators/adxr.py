"""Average Directional Movement Index Rating."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.registry import Param


@kernel()
def between(now: F8, before: F8, out: F8) -> None:
    """The mean of two columns."""
    for i in range(len(now)):
        out[i] = 0.5 * (now[i] + before[i])


@composite(
    title="Average Directional Movement Index Rating",
    inputs="high low close",
    outputs={"adxr": "0..100"},
    params={"period": Param(14, 2, 100_000, "rows in Wilder's sums, in his average and, less one, back")},
    source="Wilder 1978, New Concepts in Technical Trading Systems, ch. 4",
    talib="ADXR",
)
def adxr(on: Nodes, high: Line, low: Line, close: Line, period: int) -> Line:
    """Mean of the average directional movement index now and period - 1 rows ago."""
    now = on.adx(high, low, close, period)
    return on.apply(between, now, on.lag(now, period - 1))
