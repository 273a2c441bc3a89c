"""Ease of Movement."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, State, inline, kernel
from hq_core.registry import Param


@inline
def eased(high: float, low: float, volume: float, before: float, scale: float) -> float:
    """How far the middle has come, times the range, over the volume; 0 where nothing was traded."""
    moved = (0.5 * high + 0.5 * low) - before
    known = volume != 0.0
    return ((moved if known else 0.0 * moved) / (volume if known else 1.0)) * ((high - low) * scale)


@kernel(state="before seen:i8")
def ease(high: F8, low: F8, volume: F8, scale: float, s: State, out: F8) -> None:
    """Of each row and the one before.  s: before: the last row's middle; seen: 1 after it"""
    n = len(high)
    if n > 0:
        out[0] = eased(high[0], low[0], volume[0], s.before if s.seen > 0 else math.nan, scale)
        s.before = 0.5 * high[n - 1] + 0.5 * low[n - 1]
        s.seen = 1
    for i in range(1, n):
        out[i] = eased(high[i], low[i], volume[i], 0.5 * high[i - 1] + 0.5 * low[i - 1], scale)


@composite(
    title="Ease of Movement",
    inputs="high low volume",
    outputs={"eom": "unit of price squared over unit of volume"},
    params={
        "period": Param(14, 1, 100_000, "rows in the average"),
        "scale": Param(1e8, 1.0, 1e12, "what the volume is divided by"),
    },
    source="Arms; Achelis 2000, Technical Analysis from A to Z, Ease of Movement",
)
def eom(on: Nodes, high: Line, low: Line, volume: Line, period: int, scale: float) -> Line:
    """Plain average of how far the bar's middle has come, times its range, over its volume: how little volume it took.

    A row that is not finite makes it nan while it or its follower is in the average.
    """
    found: Line = on.sma(on.apply(ease, high, low, volume, scale=scale, warmup=1), period)
    return found
