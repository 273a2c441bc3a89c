"""Normalized Average True Range."""
from __future__ import annotations

from hq_core.jit import F8, State
from hq_core.kernels.smooth import mean_range
from hq_core.registry import Param, indicator


@indicator(
    title="Normalized Average True Range",
    inputs="high low close",
    outputs={"natr": "percent of close"},
    params={"period": Param(14, 1, 100_000, "rows in Wilder's average")},
    state="mean prev seen:i8",
    warmup=lambda period: period,
    source="Forman 2006, Technical Analysis of Stocks & Commodities 24(5)",
    talib="NATR",
)
def natr(high: F8, low: F8, close: F8, period: int, s: State, out: F8) -> None:
    """Wilder's average of the true range as a percentage of the close.

    high, low, close  (n,)  price; a row with a nan or infinite one among them gives nan and is passed over:
                            the next true range reaches back to the last whole row's close
    s      mean: the average, or the plain sum while seen <= period; prev: the last whole row's close; seen:
           whole rows, up to the first output
    out    (n,)  percent; nan for the first `period` rows; 0 where the close is 0; with a period of 1 the true
                 range itself, unit of price: both as TA-Lib
    """
    mean_range(high, low, close, period, s, out)
    if period > 1:
        for i in range(len(close)):
            out[i] = (out[i] / close[i]) * 100.0 if close[i] != 0.0 else out[i] * 0.0
