"""Linear Regression Coefficient of Determination."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.registry import Param


@kernel()
def explained(slope: F8, deviation: F8, width: float, out: F8) -> None:
    """Square of width * slope / deviation, at most 1; 0 where the deviation is 0."""
    for i in range(len(slope)):
        known = deviation[i] != 0.0
        share = width * ((slope[i] if known else 0.0 * slope[i]) / (deviation[i] if known else 1.0))
        square = share * share
        out[i] = 1.0 if square > 1.0 else square


@composite(
    title="Linear Regression Coefficient of Determination",
    inputs="close",
    outputs={"linearreg_r2": "ratio 0..1"},
    params={"period": Param(14, 2, 100_000, "rows in the line")},
    source="definition: 1 less the share of the squared distances that the least squares line leaves",
)
def linearreg_r2(on: Nodes, close: Line, period: int) -> Line:
    """Share of the variance of the last `period` rows that their least squares line explains; 0 if nothing moves.

    A row that is not finite makes it nan while it is in the window, `period` rows.
    """
    width = ((period * float(period) - 1.0) / 12.0) ** 0.5  # deviation of the row numbers
    found: Line = on.apply(explained, on.linearreg_slope(close, period), on.stddev(close, period), width=width)
    return found
