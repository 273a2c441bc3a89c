"""Moving Average Convergence/Divergence."""
from __future__ import annotations

from hq_core.jit import F8, State
from hq_core.kernels.convergence import convergence
from hq_core.registry import Param, indicator


@indicator(
    title="Moving Average Convergence/Divergence",
    inputs="close",
    outputs={"macd": "unit of the input", "signal": "unit of the input", "hist": "unit of the input"},
    params={
        "fast": Param(12, 2, 100_000, "rows in the fast EMA"),
        "slow": Param(26, 2, 100_000, "rows in the slow EMA"),
        "signal": Param(9, 1, 100_000, "rows in the EMA of the difference"),
    },
    state="fast slow signal seen:i8",
    warmup=lambda fast, slow, signal: max(fast, slow) + signal - 2,
    source="Appel 2005, Technical Analysis: Power Tools for Active Investors, ch. 8",
    talib="MACD",
)
def macd(
    close: F8, fast: int, slow: int, signal: int,
    s: State, out_macd: F8, out_signal: F8, out_hist: F8,
) -> None:
    """Fast EMA less slow EMA, the EMA of that difference, and the distance between the two.

    close  (n,)  any unit; a nan or infinite row gives nan and is passed over
    fast, slow   are exchanged if fast is the larger, as TA-Lib
    s      fast, slow, signal: the averages, or their seeds' sums; seen: finite rows, up to the first output
    out_*  (n,)  unit of close; all three nan for the first max(fast, slow) + signal - 2 rows

    The fast EMA's seed is the mean of the last `fast` of the first `slow` rows: both seeds end on one row, as
    TA-Lib. EMA(fast) alone is seeded earlier; the two approach each other as the weight of their seeds fades.
    """
    short = min(fast, slow)
    long = max(fast, slow)
    convergence(close, short, long, signal, 2.0 / (short + 1), 2.0 / (long + 1), s, out_macd, out_signal, out_hist)
