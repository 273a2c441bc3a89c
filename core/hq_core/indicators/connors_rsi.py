"""Connors RSI."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, State, kernel
from hq_core.kernels.smooth import finite
from hq_core.registry import Param


@kernel(state="prev run seen:i8")
def runs(close: F8, s: State, out: F8) -> None:
    """How many rows in a row have closed higher, negative if lower; 0 where the close has not changed.

    s    prev: the last finite row; run: its streak; seen: 1 when there was one
    out  nan for the first finite row, and for one that is not finite, which is passed over
    """
    prev = s.prev
    run = s.run
    seen = s.seen
    for i in range(len(close)):
        value = close[i]
        out[i] = math.nan
        if finite(value):
            if seen > 0:
                risen = max(run, 0.0) + 1.0 if value > prev else 0.0
                run = min(run, 0.0) - 1.0 if value < prev else risen
                out[i] = run
            prev = value
            seen = 1
    s.prev = prev
    s.run = run
    s.seen = seen


@kernel()
def mean_of_three(x: F8, y: F8, z: F8, out: F8) -> None:
    for i in range(len(x)):
        mean = (x[i] + y[i] + z[i]) / 3.0
        out[i] = mean if finite(mean) else math.nan


@composite(
    title="Connors RSI",
    inputs="close",
    outputs={"connors_rsi": "0..100"},
    params={
        "period": Param(3, 2, 100_000, "rows in the relative strength index of the close"),
        "streak": Param(2, 2, 100_000, "rows in the relative strength index of the streak"),
        "rank": Param(100, 2, 100_000, "rows before this one that its change is compared with"),
    },
    source="Connors and Alvarez 2012, An Introduction to ConnorsRSI",
)
def connors_rsi(on: Nodes, close: Line, period: int, streak: int, rank: int) -> Line:
    """Mean of three: the close's relative strength index, that of its streak of rises or falls, and the percent rank of
    its last change.

    Of the rank's rows only smaller changes count. Where nothing moves all three are 0, as TA-Lib has it of each.
    """
    strength = on.rsi(close, period)
    lasting = on.rsi(on.apply(runs, close, warmup=1), streak)
    return on.apply(mean_of_three, strength, lasting, on.percentrank(on.roc(close, 1), rank))
