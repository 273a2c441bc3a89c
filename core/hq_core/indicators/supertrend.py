"""SuperTrend."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, State, kernel
from hq_core.kernels.smooth import finite
from hq_core.registry import Param


@kernel(state="upper lower close trend seen:i8")
def ratchet(
    high: F8, low: F8, close: F8, span: F8, multiplier: float, start: float, s: State, out_line: F8, out_trend: F8
) -> None:
    """The band on the other side of the trend, and the trend; a row that is not whole is passed over.

    start  the first row's trend
    s  upper, lower: the bands, the upper one only falls and the lower one only rises until close is beyond;
       close: the last whole row's; trend: 1 or -1; seen: 1 after the first whole row
    """
    upper = s.upper
    lower = s.lower
    before = s.close
    trend = s.trend
    seen = s.seen
    for i in range(len(close)):
        middle = (high[i] + low[i]) / 2.0
        value = close[i]
        if finite(middle - value + span[i]):
            above = middle + multiplier * span[i]
            below = middle - multiplier * span[i]
            if seen == 0:
                trend = start
                upper = above
                lower = below
            else:
                upper = above if (above < upper) | (before > upper) else upper
                lower = below if (below > lower) | (before < lower) else lower
                if trend > 0.0:
                    trend = -1.0 if value < lower else 1.0
                else:
                    trend = 1.0 if value > upper else -1.0
            before = value
            seen = 1
            out_line[i] = lower if trend > 0.0 else upper
            out_trend[i] = trend
        else:
            out_line[i] = math.nan
            out_trend[i] = math.nan
    s.upper = upper
    s.lower = lower
    s.close = before
    s.trend = trend
    s.seen = seen


@composite(
    title="SuperTrend",
    inputs="high low close",
    outputs={"supertrend": "unit of the input", "trend": "-1..1, 1 is up and -1 is down"},
    params={
        "period": Param(10, 2, 100_000, "rows in the average true range"),
        "multiplier": Param(3.0, 0.0, 1000.0, "true ranges from the middle of the bar to each band"),
    },
    source="Seban 2008, Tout le monde mérite d'être riche",
    talib="SUPERTREND",
)
def supertrend(on: Nodes, high: Line, low: Line, close: Line, period: int, multiplier: float) -> tuple[Line, ...]:
    """Stop line that follows the trend at a distance of true ranges and never yields; it turns when close passes it.

    The first row's trend is up, as TA-Lib; with `--compat tv` it is down and the true ranges are Pine's. Its
    direction has the other sign in Pine.
    """
    start = -1.0 if on.compat == "tv" else 1.0
    span = on.atr(high, low, close, period)
    return on.apply(ratchet, high, low, close, span, outputs=2, multiplier=multiplier, start=start)
