"""Linear Regression Slope."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.kernels.fit import line_fit
from hq_core.registry import Param


@composite(
    title="Linear Regression Slope",
    inputs="close",
    outputs={"linearreg_slope": "unit of the input, a row"},
    params={"period": Param(14, 2, 100_000, "rows in the line")},
    source="definition: least squares; Legendre 1805",
    talib="LINEARREG_SLOPE",
)
def linearreg_slope(on: Nodes, close: Line, period: int) -> Line:
    """How much the least squares line through the last `period` rows rises from one row to the next.

    A row that is not finite makes it nan while the row is in the window, `period` rows.
    """
    slope: Line = on.apply(line_fit, close, outputs=2, ring=2 * period, warmup=period - 1, period=period)[0]
    return slope
