"""Donchian Channel."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.kernels.extrema import extremes
from hq_core.registry import Param


@composite(
    title="Donchian Channel",
    inputs="high low",
    outputs={"upper": "unit of the input", "middle": "unit of the input", "lower": "unit of the input"},
    params={"period": Param(20, 2, 100_000, "rows in the channel, this one among them")},
    source="Donchian's four-week rule, about 1960: the highest high and the lowest low of four weeks",
    talib="DONCHIAN",
)
def donchian(on: Nodes, high: Line, low: Line, period: int) -> tuple[Line, ...]:
    """The highest high and the lowest low of the last `period` rows, and halfway between them.

    A row with a nan or infinite input makes all three nan while it is in the window.
    """
    upper, lower = on.apply(extremes, high, low, period=period, ring=2 * period, warmup=period - 1, outputs=2)
    return upper, on.midprice(high, low, period), lower
