"""Average True Range."""
from __future__ import annotations

from hq_core.jit import F8, State
from hq_core.kernels.smooth import mean_range
from hq_core.registry import Param, indicator


@indicator(
    title="Average True Range",
    inputs="high low close",
    outputs={"atr": "unit of the input, >= 0"},
    params={"period": Param(14, 1, 100_000, "rows in Wilder's average")},
    state="mean prev seen:i8",
    warmup=lambda period: period,
    source="Wilder 1978, New Concepts in Technical Trading Systems, ch. 3",
    talib="ATR",
)
def atr(high: F8, low: F8, close: F8, period: int, s: State, out: F8) -> None:
    """Wilder's average of the true range.

    high, low, close  (n,)  price; a row with a nan or infinite one among them gives nan and is passed over:
                            the next true range reaches back to the last whole row's close
    s      mean: the average, or the plain sum while seen <= period; prev: the last whole row's close; seen:
           whole rows, up to the first output
    out    (n,)  unit of price; nan for the first `period` rows: the first row has no true range, as TA-Lib
    """
    mean_range(high, low, close, period, s, out)
