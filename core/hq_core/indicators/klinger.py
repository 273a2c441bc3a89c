"""Klinger Volume Oscillator."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, State, kernel
from hq_core.kernels.smooth import finite
from hq_core.registry import Param


@kernel(state="total span trend reach seen:i8")
def force(high: F8, low: F8, close: F8, volume: F8, s: State, out: F8) -> None:
    """Volume times 100 |2 dm / cm - 1|, with the sign of the trend: dm the row's range, cm the ranges of the trend.

    The trend is up where high + low + close has risen, else down; cm adds up ranges while it lasts and begins with
    the range before it turned. A row with a nan or infinite input gives nan and is passed over.
    s  total, span: the last whole row's sum and range; trend: 1 or -1; reach: cm; seen: whole rows, up to 2
    """
    total = s.total
    span = s.span
    trend = s.trend
    reach = s.reach
    seen = s.seen
    for i in range(len(close)):
        now = high[i] + low[i] + close[i]
        out[i] = math.nan
        if finite(now - volume[i]):
            width = high[i] - low[i]
            if seen > 0:
                turned = 1.0 if now > total else -1.0
                reach = (reach if (turned == trend) & (seen > 1) else span) + width
                trend = turned
                share = 2.0 * (width / reach) - 1.0 if reach != 0.0 else 0.0
                out[i] = volume[i] * abs(share) * trend * 100.0
            total = now
            span = width
            seen = min(seen + 1, 2)
    s.total = total
    s.span = span
    s.trend = trend
    s.reach = reach
    s.seen = seen


@composite(
    title="Klinger Volume Oscillator",
    inputs="high low close volume",
    outputs={"klinger": "volume, in percent", "signal": "volume, in percent"},
    params={
        "fast": Param(34, 1, 100_000, "rows in the fast EMA"),
        "slow": Param(55, 1, 100_000, "rows in the slow EMA"),
        "signal": Param(13, 1, 100_000, "rows in the EMA of the difference"),
    },
    source="Klinger 1997, Technical Analysis of Stocks & Commodities 15(12), Identifying Trends With Volume Analysis",
)
def klinger(
    on: Nodes, high: Line, low: Line, close: Line, volume: Line, fast: int, slow: int, signal: int
) -> tuple[Line, ...]:
    """Fast EMA less slow EMA of the volume force, and the EMA of that difference.

    The force is 0 where neither this row nor the trend before it has a range. Each EMA is seeded by the mean of its
    first rows; the two are exchanged if fast is the larger.
    """
    pressure = on.apply(force, high, low, close, volume, warmup=1)
    line = on.ema(pressure, min(fast, slow)) - on.ema(pressure, max(fast, slow))
    return on.together(line, on.ema(line, signal))
