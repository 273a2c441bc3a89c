"""Wilder's Smoothed Moving Average."""

from __future__ import annotations

from hq_core.jit import F8, State
from hq_core.kernels.smooth import exponential
from hq_core.registry import Param, indicator


@indicator(
    title="Wilder's Smoothed Moving Average",
    inputs="close",
    outputs={"rma": "unit of the input"},
    params={"period": Param(30, 1, 100_000, "rows; the newest weighs 1 / period")},
    state="mean base one two three at:i8<4 seen:i8",
    warmup=lambda period: period - 1,
    source="Wilder 1978, New Concepts in Technical Trading Systems, ch. 2; its seed: the plain mean of n rows",
    talib="RMA",
)
def rma(close: F8, period: int, s: State, out: F8) -> None:
    """Average that moves towards each row by 1 / period of the distance.

    close  (n,)  any unit; a nan or infinite row gives nan and is passed over: the next row carries on as if
                 it had not been there
    s      as in kernels/smooth.py, exponential
    out    (n,)  unit of close; nan for the first period - 1 rows
    """
    exponential(close, period, 1.0 / period, 0, s, out)
