"""Kaufman's Adaptive Moving Average."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, State, kernel
from hq_core.registry import Param

FAST = 2.0 / (2 + 1)  # the weight of an EMA of 2 rows, taken when the path is straight
SLOW = 2.0 / (30 + 1)  # of one of 30 rows, when it is not


@kernel(state="mean seen:i8")
def adapt(close: F8, efficiency: F8, rows: int, s: State, out: F8) -> None:
    """The average that starts at close number `rows` and moves by the square of a weight between SLOW and FAST.

    s  mean: the average; seen: finite rows of close, up to rows
    """
    mean = s.mean
    seen = s.seen
    for i in range(len(close)):
        value = close[i]
        share = efficiency[i] * (FAST - SLOW) + SLOW
        out[i] = math.nan
        if seen < rows:
            if value - value == 0.0:
                mean = value
                seen += 1
        elif (value - value) + (share - share) == 0.0:
            mean = (value - mean) * (share * share) + mean
            out[i] = mean
    s.mean = mean
    s.seen = seen


@composite(
    title="Kaufman's Adaptive Moving Average",
    inputs="close",
    outputs={"kama": "unit of the input"},
    params={"period": Param(30, 1, 100_000, "rows in the efficiency ratio")},
    source="Kaufman 1995, Smarter Trading, ch. 8",
    talib="KAMA",
)
def kama(on: Nodes, close: Line, period: int) -> Line:
    """Average that follows a straight path closely and a crooked one slowly, by its efficiency ratio.

    A row of nan is passed over by the average; it stays where it is while the efficiency is not known.
    """
    return close if period == 1 else on.apply(adapt, close, on.er(close, period), rows=period, warmup=0)
