"""Aroon."""
from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, State, kernel
from hq_core.kernels.extrema import since_highest
from hq_core.registry import Param


@kernel(state="top place row head:i8 laps:i8")
def since_high(high: F8, period: int, s: State, ring: F8, out: F8) -> None:
    """Rows since the highest high, the latest of equals; state and ring as in kernels/extrema.py."""
    since_highest(high, 1.0, period, s, ring, out)


@kernel(state="top place row head:i8 laps:i8")
def since_low(low: F8, period: int, s: State, ring: F8, out: F8) -> None:
    """Rows since the lowest low, the latest of equals; state and ring as in kernels/extrema.py."""
    since_highest(low, -1.0, period, s, ring, out)


@kernel()
def freshness(since_low: F8, since_high: F8, period: int, out_down: F8, out_up: F8) -> None:
    """100 for this row down to 0 for `period` rows ago; nan in both where one of the two is nan."""
    share = 100.0 / period
    for i in range(len(since_low)):
        unknown = (since_low[i] - since_low[i]) + (since_high[i] - since_high[i])
        out_down[i] = share * (period - since_low[i]) + unknown
        out_up[i] = share * (period - since_high[i]) + unknown


@composite(
    title="Aroon",
    inputs="high low",
    outputs={"down": "0..100", "up": "0..100"},
    params={"period": Param(14, 2, 100_000, "rows that are looked back, besides this one")},
    source="Chande 1995, Technical Analysis of Stocks & Commodities 13(9)",
    talib="AROON",
)
def aroon(on: Nodes, high: Line, low: Line, period: int) -> tuple[Line, ...]:
    """How recent the lowest low and the highest high of the last `period` + 1 rows are; of equals the latest counts.

    A row with a nan or infinite input makes both nan while it is in the window.
    """
    rows = period + 1
    fallen = on.apply(since_low, low, period=rows, ring=2 * rows, warmup=period)
    risen = on.apply(since_high, high, period=rows, ring=2 * rows, warmup=period)
    return on.apply(freshness, fallen, risen, period=period, outputs=2)
