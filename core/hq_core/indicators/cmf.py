"""Chaikin Money Flow."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.kernels.sums import sum_two
from hq_core.registry import Param


@kernel()
def flow(high: F8, low: F8, close: F8, volume: F8, out: F8) -> None:
    """Volume times 1 for a close at the high to -1 for one at the low; 0 where high is not above low."""
    for i in range(len(close)):
        span = high[i] - low[i]
        where = (close[i] - low[i]) - (high[i] - close[i])
        empty = span <= 0.0  # not so for nan
        out[i] = (0.0 * where if empty else where) / (1.0 if empty else span) * volume[i]


@kernel()
def share(part: F8, whole: F8, out: F8) -> None:
    """part / whole; 0 where whole is 0, as TA-Lib."""
    for i in range(len(part)):
        known = whole[i] != 0.0
        out[i] = (part[i] if known else 0.0 * part[i]) / (whole[i] if known else 1.0)


@composite(
    title="Chaikin Money Flow",
    inputs="high low close volume",
    outputs={"cmf": "-1..1"},
    params={"period": Param(20, 2, 100_000, "rows in the sums")},
    source="Chaikin; Achelis 2000, Technical Analysis from A to Z, Chaikin Money Flow",
    talib="CMF",
)
def cmf(on: Nodes, high: Line, low: Line, close: Line, volume: Line, period: int) -> Line:
    """Share of the volume of `period` rows that was bought less the share sold, by where in its range a bar closed."""
    bought = on.apply(flow, high, low, close, volume)
    sums = on.apply(sum_two, bought, volume, outputs=2, ring=2 * period, warmup=period - 1, period=period)
    found: Line = on.apply(share, *sums)
    return found
