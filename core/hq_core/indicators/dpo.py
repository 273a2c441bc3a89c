"""Detrended Price Oscillator."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, State, kernel
from hq_core.kernels.lag import keep_last, lagged
from hq_core.registry import Param


@kernel(state="head:i8<bars seen:i8<=bars")
def before(close: F8, mean: F8, bars: int, s: State, ring: F8, out: F8) -> None:
    """close of `bars` rows before, less mean; state and ring as in roc."""
    head = max(s.head, 0)
    seen = s.seen
    back = max(bars, 1)  # it is never below 1; said here, indexing tests no signs and the loop vectorises
    n = len(close)
    for i in range(min(n, back)):
        out[i] = lagged(ring, bars, head, seen, i) - mean[i]
    for i in range(n - back):
        out[i + back] = close[i] - mean[i + back]
    s.head = keep_last(close, ring, bars, head)
    s.seen = min(seen + n, bars)


@composite(
    title="Detrended Price Oscillator",
    inputs="close",
    outputs={"dpo": "unit of the input"},
    params={"period": Param(20, 2, 100_000, "rows in the average")},
    source="Achelis 2000, Technical Analysis from A to Z, Detrended Price Oscillator",
    talib="DPO",
)
def dpo(on: Nodes, close: Line, period: int) -> Line:
    """Close of half a period and one row before, less the average up to this row: the cycle without the trend."""
    back = period // 2 + 1
    late = max(0, back - (period - 1))
    found: Line = on.apply(before, close, on.sma(close, period), bars=back, ring=back, warmup=late)
    return found
