"""Bollinger BandWidth."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.kernels.lag import over
from hq_core.registry import Param, matype


@kernel()
def width(upper: F8, middle: F8, lower: F8, out: F8) -> None:
    for i in range(len(upper)):
        out[i] = over(upper[i] - lower[i], middle[i], 0.0)


@composite(
    title="Bollinger BandWidth",
    inputs="close",
    outputs={"bandwidth": "ratio of the middle"},
    params={
        "period": Param(20, 2, 100_000, "rows in the average and in the deviation"),
        "up": Param(2.0, 0.0, 1000.0, "deviations from the middle to the upper band"),
        "down": Param(2.0, 0.0, 1000.0, "deviations from the middle to the lower band"),
        "matype": matype("sma", "kind of the average in the middle"),
    },
    source="Bollinger 2001, Bollinger on Bollinger Bands, ch. 8",
)
def bandwidth(on: Nodes, close: Line, period: int, up: float, down: float, matype: str) -> Line:
    """How far the Bollinger bands are apart, as a fraction of the middle; 0 where the middle is 0."""
    return on.apply(width, *on.bbands(close, period, up, down, matype))
