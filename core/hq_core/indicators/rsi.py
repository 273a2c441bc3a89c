"""Relative Strength Index."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, State, kernel
from hq_core.kernels.smooth import finite
from hq_core.registry import Param


@kernel(state="gain loss prev seen:i8")
def strength(close: F8, period: int, early: int, still: float, s: State, out: F8) -> None:
    """The index.

    early  1: the first value is that of the first period - 1 moves (Metastock); 0: that of the first `period`
    still  the value when nothing has moved
    s      gain, loss: period times Wilder's mean move, unit of close (the factor cancels and saves two
           divisions a row); prev: the last finite row; seen: finite rows, up to period + 1
    """
    gain = s.gain
    loss = s.loss
    prev = s.prev
    seen = s.seen
    keep = (period - 1) / period
    first = period if early == 1 else period + 1
    for i in range(len(close)):
        value = close[i]
        known = finite(value)
        if known:
            stays = keep
            if seen <= period:  # the warm-up: plain sums, of which the first row's move is 0
                stays = 1.0
                prev = value if seen == 0 else prev
                seen += 1
                known = seen >= first
            gain = gain * stays + max(value - prev, 0.0)
            loss = loss * stays + max(prev - value, 0.0)
            prev = value
        total = gain + loss
        out[i] = (100.0 * (gain / total) if total > 0.0 else still) if known else math.nan
    s.gain = gain
    s.loss = loss
    s.prev = prev
    s.seen = seen


@composite(
    title="Relative Strength Index",
    inputs="close",
    outputs={"rsi": "0..100"},
    params={"period": Param(14, 2, 100_000, "rows in Wilder's average")},
    source="Wilder 1978, New Concepts in Technical Trading Systems, ch. 6",
    talib="RSI",
)
def rsi(on: Nodes, close: Line, period: int) -> Line:
    """Wilder's smoothed share of up moves among all moves; 0 when nothing has moved, as TA-Lib, 100 in Pine.

    A row that is not finite gives nan and is passed over: the next move is measured from the last finite row.
    With `--compat metastock` there is a value one row earlier.
    """
    early = on.compat == "metastock"
    still = 100.0 if on.compat == "tv" else 0.0
    return on.apply(strength, close, period=period, early=early, still=still, warmup=period - early)
