"""Linear Regression Intercept."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.kernels.fit import along, line_fit
from hq_core.registry import Param


@composite(
    title="Linear Regression Intercept",
    inputs="close",
    outputs={"linearreg_intercept": "unit of the input"},
    params={"period": Param(14, 2, 100_000, "rows in the line")},
    source="definition: least squares; Legendre 1805",
    talib="LINEARREG_INTERCEPT",
)
def linearreg_intercept(on: Nodes, close: Line, period: int) -> Line:
    """Where the least squares line through the last `period` rows stands at the oldest of them.

    A row that is not finite makes it nan while the row is in the window, `period` rows.
    """
    fit = on.apply(line_fit, close, outputs=2, ring=2 * period, warmup=period - 1, period=period)
    found: Line = on.apply(along, *fit, rows=0.5 * (1 - period))
    return found
