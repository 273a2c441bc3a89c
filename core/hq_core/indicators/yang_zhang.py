"""Yang-Zhang Volatility."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.kernels.volatility import growth, without_drift
from hq_core.registry import Param


@kernel()
def joined(overnight: F8, body: F8, total: F8, share: float, rest: float, annual: float, out: F8) -> None:
    """Root of the variance overnight, `share` of the body's and `rest` of the sum that knows no drift."""
    for i in range(len(overnight)):
        square = (overnight[i] + share * body[i] + rest * total[i]) * annual
        out[i] = 0.0 if square < 0.0 else math.sqrt(square)


@composite(
    title="Yang-Zhang Volatility",
    inputs="open high low close",
    outputs={"yang_zhang": "ratio >= 0, a row"},
    params={
        "period": Param(20, 2, 100_000, "rows in the means"),
        "annual": Param(1.0, 0.0, 1e9, "rows a year: factor on the variance; 1 leaves it per row"),
    },
    source="Yang and Zhang 2000, Journal of Business 73(3)",
)
def yang_zhang(on: Nodes, open: Line, high: Line, low: Line, close: Line, period: int, annual: float) -> Line:
    """Volatility from the last `period` bars and the gaps before them, whatever their drift: the variance of the gaps,
    and a mix of the bodies' and of Rogers' and Satchell's, which has the least variance itself.

    A price that is not positive makes it nan while it is in the window.
    """
    share = 0.34 / (1.34 + (period + 1.0) / (period - 1.0))
    gap = on.var(on.apply(growth, open, on.lag(close, 1)), period, ddof=1)
    body = on.var(on.apply(growth, close, open), period, ddof=1)
    total = on.sum(on.apply(without_drift, open, high, low, close), period)
    found: Line = on.apply(joined, gap, body, total, share=share, rest=(1.0 - share) / period, annual=annual)
    return found
