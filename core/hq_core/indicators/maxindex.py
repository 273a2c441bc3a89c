"""Row of the Moving Maximum."""

from __future__ import annotations

from hq_core.jit import F8, State
from hq_core.kernels.extrema import where_highest
from hq_core.registry import Param, indicator


@indicator(
    title="Row of the Moving Maximum",
    inputs="close",
    outputs={"maxindex": "ratio: a row number, 0 is the first"},
    params={"period": Param(30, 2, 100_000, "rows in the window")},
    state="top place at row head:i8<period laps:i8",
    ring=lambda period: 2 * period,
    warmup=lambda period: period - 1,
    source="definition: where the largest of the last n values is",
    talib="MAXINDEX",
)
def maxindex(close: F8, period: int, s: State, ring: F8, out: F8) -> None:
    """The number of the row that holds the highest of the last `period` rows, counted from the first row as 0.

    close    (n,)  any unit; nan or infinite: the output is nan while the row is in the window, `period` rows
    s, ring        as in kernels/extrema.py, where_highest
    out      (n,)  a whole number; nan for the first period - 1 rows; of equal rows the newest, until it leaves the
                   window, then the earliest, as TA-Lib
    """
    where_highest(close, 1.0, period, s, ring, out)
