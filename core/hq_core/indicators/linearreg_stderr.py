"""Linear Regression Standard Error."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.kernels.smooth import finite
from hq_core.registry import Param


@kernel()
def beside(slope: F8, deviation: F8, width: float, factor: float, out: F8) -> None:
    """factor * deviation, less the part of it that the slope explains over numbers of deviation `width`."""
    for i in range(len(slope)):
        known = deviation[i] != 0.0
        share = width * ((abs(slope[i]) if known else 0.0 * slope[i]) / (deviation[i] if known else 1.0))
        left = (1.0 - share) * (1.0 + share)
        found = factor * (deviation[i] * math.sqrt(0.0 if left < 0.0 else left))
        out[i] = found if finite(found) else math.nan  # of two nan, which one is a matter of the compiler


@composite(
    title="Linear Regression Standard Error",
    inputs="close",
    outputs={"linearreg_stderr": "unit of the input, >= 0"},
    params={"period": Param(14, 3, 100_000, "rows in the line")},
    source="definition: root of the squared distances from the least squares line over n - 2",
)
def linearreg_stderr(on: Nodes, close: Line, period: int) -> Line:
    """Typical distance of the last `period` rows from their least squares line.

    To the last digits of the deviation from the mean, not of its own: rows on a line give up to 1e-7 of that instead of
    0. A row that is not finite makes it nan while it is in the window, `period` rows.
    """
    width = math.sqrt((period * float(period) - 1.0) / 12.0)  # deviation of the row numbers
    found: Line = on.apply(
        beside,
        on.linearreg_slope(close, period),
        on.stddev(close, period),
        width=width,
        factor=math.sqrt(period / (period - 2.0)),
    )
    return found
