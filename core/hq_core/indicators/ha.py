"""Heikin-Ashi Bars."""

from __future__ import annotations

import math

from hq_core.jit import F8, State
from hq_core.kernels.smooth import finite
from hq_core.registry import indicator


@indicator(
    title="Heikin-Ashi Bars",
    inputs="open high low close",
    outputs={
        "open": "unit of the input",
        "high": "unit of the input",
        "low": "unit of the input",
        "close": "unit of the input",
    },
    params={},
    state="open close seen:i8",
    warmup=lambda: 0,
    source="Valcu 2004, Technical Analysis of Stocks & Commodities 22(2), Using the Heikin-Ashi Technique",
    talib="HA",
)
def ha(
    open: F8, high: F8, low: F8, close: F8, s: State, out_open: F8, out_high: F8, out_low: F8, out_close: F8
) -> None:
    """Bars that close at their mean price and open in the middle of the body of the one before.

    open, high, low, close  (n,)  price; a row with a nan or infinite one gives nan and is passed over
    s      open, close: those of the last bar; seen: 1 after the first whole row
    out_*  (n,)  unit of price; the first bar opens in the middle of its own body; high and low reach to
                 its open and close
    """
    opened = s.open
    closed = s.close
    seen = s.seen
    for i in range(len(close)):
        mean = (open[i] + high[i] + low[i] + close[i]) / 4.0
        if finite(mean):
            opened = (opened + closed) / 2.0 if seen > 0 else (open[i] + close[i]) / 2.0
            closed = mean
            seen = 1
            out_open[i] = opened
            out_high[i] = max(high[i], opened, closed)
            out_low[i] = min(low[i], opened, closed)
            out_close[i] = closed
        else:
            out_open[i] = math.nan
            out_high[i] = math.nan
            out_low[i] = math.nan
            out_close[i] = math.nan
    s.open = opened
    s.close = closed
    s.seen = seen
