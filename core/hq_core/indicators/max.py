"""Moving Maximum."""

from __future__ import annotations

from hq_core.jit import F8, State
from hq_core.kernels.extrema import highest
from hq_core.registry import Param, indicator


@indicator(
    title="Moving Maximum",
    inputs="close",
    outputs={"max": "unit of the input"},
    params={"period": Param(30, 2, 100_000, "rows in the window")},
    state="top head:i8<period laps:i8",
    ring=lambda period: period,
    warmup=lambda period: period - 1,
    source="definition: the largest of the last n values",
    talib="MAX",
)
def max(close: F8, period: int, s: State, ring: F8, out: F8) -> None:
    """The highest of the last `period` rows.

    close    (n,)  any unit; nan or infinite: the output is nan while the row is in the window, `period` rows, and
                   afterwards what it would have been without it
    s, ring        as in kernels/extrema.py, highest
    out      (n,)  unit of close; nan for the first period - 1 rows
    """
    highest(close, 1.0, period, s, ring, out)
