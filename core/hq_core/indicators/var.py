"""Variance."""

from __future__ import annotations

from hq_core.jit import F8, State
from hq_core.kernels.window import scatter
from hq_core.registry import Param, indicator


@indicator(
    title="Variance",
    inputs="close",
    outputs={"var": "unit of the input squared, >= 0"},
    params={
        "period": Param(5, 1, 100_000, "rows in the window"),
        "nbdev": Param(1.0, 0.0, 1000.0, "without effect, as in TA-Lib"),
        "ddof": Param(0, 0, 1, "0 divides by n (population), 1 by n - 1 (sample)"),
    },
    state="centre first second head:i8<period laps:i8",
    ring=lambda period, nbdev, ddof: 2 * period,
    warmup=lambda period, nbdev, ddof: period - 1,
    source="definition: mean squared distance from the mean",
    talib="VAR",
)
def var(close: F8, period: int, nbdev: float, ddof: int, s: State, ring: F8, out: F8) -> None:
    """Variance of the last `period` rows.

    close    (n,)  any unit, up to 1e150 in size; nan or infinite: the output is nan while the row is in the window,
                   `period` rows, and afterwards what it would have been without it
    s, ring        as in stddev
    out      (n,)  unit of close squared, never negative, 0 for a constant window and for a single row; nan for the
                   first period - 1 rows
    """
    scatter(close, period, 1.0 / max(period - ddof, 1), False, s, ring, out)
