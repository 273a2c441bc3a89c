"""Percent b."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.kernels.lag import over
from hq_core.registry import Param, matype


@kernel()
def between(close: F8, upper: F8, lower: F8, out: F8) -> None:
    for i in range(len(close)):
        out[i] = over(close[i] - lower[i], upper[i] - lower[i], 0.5)


@composite(
    title="Percent b",
    inputs="close",
    outputs={"percent_b": "ratio: 0 on the lower band, 1 on the upper"},
    params={
        "period": Param(20, 2, 100_000, "rows in the average and in the deviation"),
        "up": Param(2.0, 0.0, 1000.0, "deviations from the middle to the upper band"),
        "down": Param(2.0, 0.0, 1000.0, "deviations from the middle to the lower band"),
        "matype": matype("sma", "kind of the average in the middle"),
    },
    source="Bollinger 2001, Bollinger on Bollinger Bands, ch. 8",
)
def percent_b(on: Nodes, close: Line, period: int, up: float, down: float, matype: str) -> Line:
    """Where the close is between its Bollinger bands: 0 on the lower one, 1 on the upper, beyond them outside.

    Where the two bands are one it is 0.5.
    """
    upper, _, lower = on.bbands(close, period, up, down, matype)
    return on.apply(between, close, upper, lower)
