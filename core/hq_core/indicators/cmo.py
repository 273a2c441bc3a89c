"""Chande Momentum Oscillator."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, State, kernel
from hq_core.kernels.smooth import finite
from hq_core.registry import Param


@kernel(state="gain loss prev seen:i8")
def balance(close: F8, period: int, early: int, s: State, out: F8) -> None:
    """The oscillator of Wilder's averages.

    early  1: the first value is that of the first period - 1 moves (Metastock); 0: that of the first `period`
    s      gain, loss: Wilder's mean moves, unit of close, or plain sums while seen <= period; prev: the last
           finite row; seen: finite rows, up to period + 1
    """
    gain = s.gain
    loss = s.loss
    prev = s.prev
    seen = s.seen
    rest = period - 1
    first = period if early == 1 else period + 1
    for i in range(len(close)):
        value = close[i]
        known = finite(value)
        if known:
            stays = rest
            shared = period
            if seen <= period:  # the warm-up: plain sums, of which the first row's move is 0
                stays = 1
                shared = period if seen == period else 1
                prev = value if seen == 0 else prev
                seen += 1
                known = seen >= first
            gain = (gain * stays + max(value - prev, 0.0)) / shared
            loss = (loss * stays + max(prev - value, 0.0)) / shared
            prev = value
        total = gain + loss
        out[i] = (100.0 * ((gain - loss) / total) if total > 0.0 else 0.0) if known else math.nan
    s.gain = gain
    s.loss = loss
    s.prev = prev
    s.seen = seen


@composite(
    title="Chande Momentum Oscillator",
    inputs="close",
    outputs={"cmo": "ratio in percent, -100..100"},
    params={"period": Param(14, 2, 100_000, "rows in Wilder's average")},
    source="Chande and Kroll 1994, The New Technical Trader, ch. 5; smoothed as Wilder's RSI, as TA-Lib",
    talib="CMO",
)
def cmo(on: Nodes, close: Line, period: int) -> Line:
    """Wilder's smoothed up moves less down moves, in percent of all moves; 0 when nothing has moved, as TA-Lib.

    A row that is not finite gives nan and is passed over: the next move is measured from the last finite row.
    Chande's own form takes plain sums of the last `period` moves, and so do Pine and this one with `--compat tv`.
    With `--compat metastock` there is a value one row earlier.
    """
    if on.compat == "tv":
        return on.cmou(close, period)
    early = on.compat == "metastock"
    return on.apply(balance, close, period=period, early=early, warmup=period - early)
