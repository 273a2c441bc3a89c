"""Trailing drawdown: an indicator as anyone may write one."""

import math

from hq_core.jit import F8, State
from hq_core.registry import Param, indicator


@indicator(
    title="Trailing Drawdown",
    inputs="close",
    outputs={"mine": "-1..0"},
    params={"period": Param(20, 1, 10_000, "rows among which the highest is looked for, this one too")},
    state="head:i8<period seen:i8<=period",
    ring=lambda period: period,
    warmup=lambda period: period - 1,
    source="definition: close / highest close of n rows - 1",
)
def mine(close: F8, period: int, s: State, ring: F8, out: F8) -> None:
    """How far the close lies below the highest of the last `period` closes, as a share of it.

    s     head: where the next close goes; seen: closes so far, up to period
    ring  (period,)  the last closes
    """
    for i in range(len(close)):
        ring[s.head] = close[i]
        s.head = (s.head + 1) % period
        s.seen = min(s.seen + 1, period)
        highest = ring[0]
        for j in range(period):
            if ring[j] > highest or ring[j] != ring[j]:  # a nan stays, as no value is above it
                highest = ring[j]
        out[i] = close[i] / highest - 1.0 if s.seen == period else math.nan
