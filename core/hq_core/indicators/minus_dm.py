"""Minus Directional Movement."""

from __future__ import annotations

from hq_core.jit import F8, State
from hq_core.kernels.directional import movement
from hq_core.registry import Param, indicator


@indicator(
    title="Minus Directional Movement",
    inputs="high low",
    outputs={"minus_dm": "unit of the input, >= 0"},
    params={"period": Param(14, 1, 100_000, "rows in Wilder's sum")},
    state="total high low seen:i8",
    warmup=lambda period: max(period - 1, 1),
    source="Wilder 1978, New Concepts in Technical Trading Systems, ch. 4",
    talib="MINUS_DM",
)
def minus_dm(high: F8, low: F8, period: int, s: State, out: F8) -> None:
    """Wilder's sum of the moves down: what the row reaches beyond the row before, where it is more than on the
    other side.

    high, low  (n,)  price; a row with a nan or infinite one gives nan and is passed over: the next move is
                     measured from the last whole row
    s      total: the sum; high, low: the last whole row; seen: whole rows, up to the first output
    out    (n,)  unit of price, nan for the first max(period - 1, 1) rows: the first sum is of period - 1
                 moves, as TA-Lib; with period 1 the move itself
    """
    movement(high, low, period, True, s, out)
