"""Moving Average Convergence/Divergence with the first edition's weights."""
from __future__ import annotations

from hq_core.jit import F8, State
from hq_core.kernels.convergence import convergence
from hq_core.registry import Param, indicator


@indicator(
    title="Moving Average Convergence/Divergence, Fixed 12/26",
    inputs="close",
    outputs={"macd": "unit of the input", "signal": "unit of the input", "hist": "unit of the input"},
    params={"signal": Param(9, 1, 100_000, "rows in the EMA of the difference")},
    state="fast slow signal seen:i8",
    warmup=lambda signal: 24 + signal,
    source="Appel 1979, The Moving Average Convergence-Divergence Trading Method: weights 0.15 and 0.075",
    talib="MACDFIX",
)
def macdfix(close: F8, signal: int, s: State, out_macd: F8, out_signal: F8, out_hist: F8) -> None:
    """MACD whose averages weigh the newest row by exactly 0.15 and 0.075, not by 2/13 and 2/27.

    close  (n,)  any unit; a nan or infinite row gives nan and is passed over
    s      as in macd
    out_*  (n,)  unit of close; all three nan for the first 24 + signal rows: the seeds are those of MACD(12, 26)
    """
    convergence(close, 12, 26, signal, 0.15, 0.075, s, out_macd, out_signal, out_hist)
