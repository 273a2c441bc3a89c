"""Minus Directional Indicator."""
from __future__ import annotations

from hq_core.jit import F8, State
from hq_core.kernels.directional import share_of_range
from hq_core.registry import Param, indicator


@indicator(
    title="Minus Directional Indicator",
    inputs="high low close",
    outputs={"minus_di": "0..100"},
    params={"period": Param(14, 1, 100_000, "rows in Wilder's sums")},
    state="moved span high low close seen:i8",
    warmup=lambda period: period,
    source="Wilder 1978, New Concepts in Technical Trading Systems, ch. 4",
    talib="MINUS_DI",
)
def minus_di(high: F8, low: F8, close: F8, period: int, s: State, out: F8) -> None:
    """Wilder's sum of the moves down, in percent of his sum of the true ranges.

    high, low, close  (n,)  price; a row with a nan or infinite one among them gives nan and is passed over:
                            the next move is measured from the last whole row
    s      moved, span: Wilder's sums of the moves down and of the true ranges; high, low, close: the last
           whole row; seen: whole rows, up to the first output
    out    (n,)  0..100, nan for the first `period` rows; 0 when nothing has moved; a fraction, 0..1,
                 with period 1, as TA-Lib
    """
    share_of_range(high, low, close, period, True, s, out)
