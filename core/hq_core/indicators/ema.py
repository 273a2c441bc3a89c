"""Exponential Moving Average."""
from __future__ import annotations

from hq_core.jit import F8, State
from hq_core.kernels.smooth import exponential
from hq_core.registry import Param, indicator


@indicator(
    title="Exponential Moving Average",
    inputs="close",
    outputs={"ema": "unit of the input"},
    params={"period": Param(30, 1, 100_000, "rows; the newest weighs 2 / (period + 1)")},
    state="mean base one two three at:i8 seen:i8",
    warmup=lambda period: period - 1,
    source="Roberts 1959, Technometrics 1(3); the seed is the plain mean of the first n rows, as TA-Lib",
    talib="EMA",
)
def ema(close: F8, period: int, s: State, out: F8) -> None:
    """Average that moves towards each row by 2 / (period + 1) of the distance.

    close  (n,)  any unit; a nan or infinite row gives nan and is passed over: the next row carries on as if
                 it had not been there
    s      as in kernels/smooth.py, exponential
    out    (n,)  unit of close; nan for the first period - 1 rows
    """
    exponential(close, period, 2.0 / (period + 1), s, out)
