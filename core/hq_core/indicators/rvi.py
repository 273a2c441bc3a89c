"""Relative Volatility Index."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, State, kernel
from hq_core.kernels.smooth import finite, seed_or_move
from hq_core.registry import Param


@kernel(state="rise fall seen:i8")
def lean(change: F8, deviation: F8, period: int, s: State, out: F8) -> None:
    """Wilder's average of the deviations of rising rows in percent of that of all moving ones; 50 over nothing.

    s  rise, fall: the averages, or their seeds' sums; seen: finite rows, up to the first output
    """
    rise = s.rise
    fall = s.fall
    seen = s.seen
    weight = 1.0 / period
    for i in range(len(change)):
        size = deviation[i]
        moved = change[i]
        out[i] = math.nan
        if finite(size - moved):
            seen += seen <= period
            rise = seed_or_move(size if moved > 0.0 else 0.0, rise, seen, period, weight)
            fall = seed_or_move(size if moved < 0.0 else 0.0, fall, seen, period, weight)
            if seen >= period:
                total = rise + fall
                out[i] = 100.0 * (rise / total if total > 0.0 else 0.5)
    s.rise = rise
    s.fall = fall
    s.seen = seen


@composite(
    title="Relative Volatility Index",
    inputs="close",
    outputs={"rvi": "0..100"},
    params={
        "period": Param(14, 1, 100_000, "rows in Wilder's averages"),
        "stddev": Param(10, 2, 100_000, "rows in the standard deviation"),
    },
    source="Dorsey 1993, Technical Analysis of Stocks & Commodities 11(6)",
    talib="RVI",
)
def rvi(on: Nodes, close: Line, period: int, stddev: int) -> Line:
    """Share of the standard deviation, smoothed, that falls on rising rows; 50 when nothing has moved, as TA-Lib.

    A row of nan makes the result nan while it is in the window of the deviation and is passed over by the averages.
    """
    found: Line = on.apply(lean, on.mom(close, 1), on.stddev(close, stddev), warmup=period - 1, period=period)
    return found
