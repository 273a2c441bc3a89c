"""Exponential Moving Average."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, State, kernel
from hq_core.kernels.smooth import exponential
from hq_core.registry import Param


@kernel(state="mean base one two three at:i8<4 seen:i8")
def ema_steps(close: F8, period: int, at_once: int, s: State, out: F8) -> None:
    """The average; arguments and state as in kernels/smooth.py, exponential."""
    exponential(close, period, 2.0 / (period + 1), at_once, s, out)


@composite(
    title="Exponential Moving Average",
    inputs="close",
    outputs={"ema": "unit of the input"},
    params={"period": Param(30, 1, 100_000, "rows; the newest weighs 2 / (period + 1)")},
    source="Roberts 1959, Technometrics 1(3); the seed is the plain mean of the first n rows, as TA-Lib",
    talib="EMA",
)
def ema(on: Nodes, close: Line, period: int) -> Line:
    """Average that moves towards each row by 2 / (period + 1) of the distance.

    A row that is not finite gives nan and is passed over: the next row carries on as if it had not been there.
    With `--compat metastock` the seed is the first row; Pine's ta.ema is seeded as TA-Lib's.
    """
    return on.apply(ema_steps, close, period=period, at_once=on.compat == "metastock", warmup=period - 1)
