"""Ultimate Oscillator."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, State, inline, kernel
from hq_core.kernels.smooth import true_range
from hq_core.kernels.sums import sum_two
from hq_core.registry import Param


@inline
def pressed(high: float, low: float, close: float, before: float) -> tuple[float, float]:
    """How far close is above the true low, and the true range; nan where one of them all is not finite."""
    unknown = (high - low + close) * 0.0 + before * 0.0
    return close - (low if low < before else before) + unknown, true_range(high, low, before) + unknown


@kernel(state="before seen:i8")
def press(high: F8, low: F8, close: F8, s: State, out_pressure: F8, out_span: F8) -> None:
    """The two of each row and the one before.  s: before: the last row's close; seen: 1 after it"""
    n = len(close)
    if n > 0:
        before = s.before if s.seen > 0 else math.nan
        out_pressure[0], out_span[0] = pressed(high[0], low[0], close[0], before)
        s.before = close[n - 1]
        s.seen = 1
    for i in range(1, n):
        out_pressure[i], out_span[i] = pressed(high[i], low[i], close[i], close[i - 1])


@inline
def share(part: float, whole: float) -> float:
    """part / whole; 0 where whole is 0, as TA-Lib."""
    known = whole != 0.0
    return (part if known else 0.0) / (whole if known else 1.0)


@kernel()
def mixture(short: F8, below_short: F8, middle: F8, below_middle: F8, long: F8, below_long: F8, out: F8) -> None:
    """Shares of pressure in range, weighed 4, 2, 1, in percent."""
    for i in range(len(out)):
        fast = 4.0 * share(short[i], below_short[i]) + 2.0 * share(middle[i], below_middle[i])
        out[i] = (fast + share(long[i], below_long[i])) * (100.0 / 7.0)


@composite(
    title="Ultimate Oscillator",
    inputs="high low close",
    outputs={"ultosc": "0..100"},
    params={
        "period1": Param(7, 1, 100_000, "rows of one span"),
        "period2": Param(14, 1, 100_000, "rows of another"),
        "period3": Param(28, 1, 100_000, "rows of the third; the shortest counts four times, the longest once"),
    },
    source="Williams 1985, Technical Analysis of Stocks & Commodities 3(4)",
    talib="ULTOSC",
)
def ultosc(on: Nodes, high: Line, low: Line, close: Line, period1: int, period2: int, period3: int) -> Line:
    """Buying pressure over true range, summed over three spans; the shortest counts four times, the middle twice."""
    pressure, span = on.apply(press, high, low, close, outputs=2, warmup=1)
    sums: list[Line] = []
    for period in sorted((period1, period2, period3)):
        sums += on.apply(sum_two, pressure, span, outputs=2, ring=2 * period, warmup=period - 1, period=period)
    found: Line = on.apply(mixture, *sums)
    return found
