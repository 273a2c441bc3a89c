"""Standard Deviation."""

from __future__ import annotations

from hq_core.jit import F8, State
from hq_core.kernels.window import scatter
from hq_core.registry import Param, indicator


@indicator(
    title="Standard Deviation",
    inputs="close",
    outputs={"stddev": "unit of the input, >= 0"},
    params={
        "period": Param(5, 2, 100_000, "rows in the window"),
        "nbdev": Param(1.0, 0.0, 1000.0, "deviations: the factor on the result"),
        "ddof": Param(0, 0, 1, "0 divides by n (population), 1 by n - 1 (sample)"),
    },
    state="centre first second head:i8<period laps:i8",
    ring=lambda period, nbdev, ddof: 2 * period,
    warmup=lambda period, nbdev, ddof: period - 1,
    source="definition: root of the mean squared distance from the mean",
    talib="STDDEV",
)
def stddev(close: F8, period: int, nbdev: float, ddof: int, s: State, ring: F8, out: F8) -> None:
    """Standard deviation of the last `period` rows, times `nbdev`.

    close  (n,)         any unit, up to 1e150 in size; nan or infinite: the output is nan while the row is in
                        the window, `period` rows, and afterwards what it would have been without it
    s      centre: last row of the last full lap; first, second: this lap's sums of (close - centre) and its
           square; head: rows in this lap; laps: full laps before it
    ring   (2 period,)  those two sums to the end of the last lap; this lap's values overwrite the first of
                        each pair
    out    (n,)         unit of close, never negative, 0 for a constant window; nan for the first period - 1
                        rows
    """
    scatter(close, period, nbdev * nbdev / (period - ddof), True, s, ring, out)
