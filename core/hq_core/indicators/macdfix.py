"""Moving Average Convergence/Divergence with the first edition's weights."""

from __future__ import annotations

from functools import partial

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, State, kernel
from hq_core.kernels.convergence import convergence
from hq_core.kernels.smooth import exponential
from hq_core.registry import Param


@kernel(state="fast slow signal seen:i8")
def converge_fixed(close: F8, signal: int, s: State, out_macd: F8, out_signal: F8, out_hist: F8) -> None:
    """All three averages in one pass; arguments and state as in kernels/convergence.py."""
    convergence(close, 12, 26, signal, 0.15, 0.075, s, out_macd, out_signal, out_hist)


@kernel(state="mean base one two three at:i8<4 seen:i8")
def weighted(close: F8, period: int, weight: float, at_once: int, s: State, out: F8) -> None:
    """An EMA of any weight; arguments and state as in kernels/smooth.py, exponential."""
    exponential(close, period, weight, at_once, s, out)


def _average(on: Nodes, close: Line, period: int, weight: float) -> Line:
    at_once = on.compat == "metastock"
    made = on.apply(weighted, close, period=period, weight=weight, at_once=at_once, warmup=period - 1)
    return on.skip(made, on.unstable("ema"))


@composite(
    title="Moving Average Convergence/Divergence, Fixed 12/26",
    inputs="close",
    outputs={"macd": "unit of the input", "signal": "unit of the input", "hist": "unit of the input"},
    params={"signal": Param(9, 1, 100_000, "rows in the EMA of the difference")},
    source="Appel 1979, The Moving Average Convergence-Divergence Trading Method: weights 0.15 and 0.075",
    talib="MACDFIX",
)
def macdfix(on: Nodes, close: Line, signal: int) -> tuple[Line, ...]:
    """MACD whose averages weigh the newest row by exactly 0.15 and 0.075, not by 2/13 and 2/27."""
    if on.plain("ema"):
        return on.apply(converge_fixed, close, signal=signal, outputs=3, warmup=24 + signal)
    calm = _average(on, close, 26, 0.075)
    quick = on.starting(calm.warmup, partial(_average, on, period=12, weight=0.15), close)
    line = quick - calm
    mean = on.ema(line, signal)
    return on.together(line, mean, line - mean)
