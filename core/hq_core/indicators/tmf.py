"""Twiggs Money Flow."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, State, kernel
from hq_core.kernels.smooth import finite
from hq_core.registry import Param


@kernel(state="before seen:i8")
def bought(high: F8, low: F8, close: F8, volume: F8, s: State, out_flow: F8, out_volume: F8) -> None:
    """Volume times 1 for a close at the true high to -1 for one at the true low, and volume; a row that is not finite
    gives nan in both and is passed over.  s: before: the last whole row's close; seen: 1 after it"""
    before = s.before if s.seen > 0 else math.nan
    for i in range(len(close)):
        top = before if before > high[i] else high[i]
        bottom = before if before < low[i] else low[i]
        unknown = 0.0 * (high[i] - low[i] + close[i] - volume[i])
        span = top - bottom
        where = ((close[i] - bottom) - (top - close[i])) / (span if span > 0.0 else math.inf)
        out_flow[i] = where * volume[i] + unknown + 0.0 * before
        out_volume[i] = volume[i] + unknown + 0.0 * before
        before = close[i] if finite(unknown) else before
    s.seen = 1 if finite(before) else 0
    s.before = before if finite(before) else 0.0


@kernel()
def share(part: F8, whole: F8, out: F8) -> None:
    """part / whole; 0 where whole is 0."""
    for i in range(len(part)):
        known = whole[i] != 0.0
        out[i] = (part[i] if known else 0.0 * part[i]) / (whole[i] if known else 1.0)


@composite(
    title="Twiggs Money Flow",
    inputs="high low close volume",
    outputs={"tmf": "ratio -1..1"},
    params={"period": Param(21, 1, 100_000, "rows in Wilder's averages")},
    source="Twiggs 2002, Incredible Charts",
)
def tmf(on: Nodes, high: Line, low: Line, close: Line, volume: Line, period: int) -> Line:
    """Chaikin's money flow with true highs and lows, so that gaps count, and with Wilder's averages.

    A row that is not finite gives nan and is passed over.
    """
    flow, traded = on.apply(bought, high, low, close, volume, outputs=2, warmup=1)
    found: Line = on.apply(share, on.rma(flow, period), on.rma(traded, period))
    return found
