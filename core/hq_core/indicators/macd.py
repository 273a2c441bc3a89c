"""Moving Average Convergence/Divergence."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, State, kernel
from hq_core.kernels.convergence import convergence
from hq_core.registry import Param


@kernel(state="fast slow signal seen:i8")
def converge(
    close: F8, short: int, long: int, signal: int, s: State, out_macd: F8, out_signal: F8, out_hist: F8
) -> None:
    """All three averages in one pass; arguments and state as in kernels/convergence.py."""
    convergence(close, short, long, signal, 2.0 / (short + 1), 2.0 / (long + 1), s, out_macd, out_signal, out_hist)


@composite(
    title="Moving Average Convergence/Divergence",
    inputs="close",
    outputs={"macd": "unit of the input", "signal": "unit of the input", "hist": "unit of the input"},
    params={
        "fast": Param(12, 2, 100_000, "rows in the fast EMA"),
        "slow": Param(26, 2, 100_000, "rows in the slow EMA"),
        "signal": Param(9, 1, 100_000, "rows in the EMA of the difference"),
    },
    source="Appel 2005, Technical Analysis: Power Tools for Active Investors, ch. 8",
    talib="MACD",
    named=3,  # its three are one word of the trade: macd_12_26_9
)
def macd(on: Nodes, close: Line, fast: int, slow: int, signal: int) -> tuple[Line, ...]:
    """Fast EMA less slow EMA, the EMA of that difference, and the distance between the two.

    Fast and slow are exchanged if fast is the larger. The fast EMA's seed is the mean of the last `fast` of the first
    `slow` rows: both seeds end on one row. Both as TA-Lib. With `--compat tv` the fast EMA is EMA(fast), seeded by its
    own first rows, as Pine's; the two approach each other as the weight of their seeds fades.
    """
    short, long = min(fast, slow), max(fast, slow)
    if on.plain("ema"):
        given = {"short": short, "long": long, "signal": signal}
        return on.apply(converge, close, outputs=3, warmup=long + signal - 2, **given)
    if on.compat != "tv":
        return on.macdext(close, short, "ema", long, "ema", signal, "ema")
    line = on.ema(close, short) - on.ema(close, long)
    mean = on.ema(line, signal)
    return on.together(line, mean, line - mean)
