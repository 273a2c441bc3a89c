"""Alligator."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.kernels.smooth import finite
from hq_core.registry import Param


@kernel()
def awake(middle: F8, jaw: F8, teeth: F8, lips: F8, out_jaw: F8, out_teeth: F8, out_lips: F8) -> None:
    """The three lines, all nan where one of them or the bar itself is not known."""
    for i in range(len(middle)):
        known = finite(middle[i]) & finite(jaw[i]) & finite(teeth[i]) & finite(lips[i])
        out_jaw[i] = jaw[i] if known else math.nan
        out_teeth[i] = teeth[i] if known else math.nan
        out_lips[i] = lips[i] if known else math.nan


@composite(
    title="Alligator",
    inputs="high low",
    outputs={"jaw": "unit of the input", "teeth": "unit of the input", "lips": "unit of the input"},
    params={
        "jaw": Param(13, 1, 100_000, "rows in the slowest average"),
        "jawshift": Param(8, 0, 100_000, "rows by which it is drawn later"),
        "teeth": Param(8, 1, 100_000, "rows in the middle one"),
        "teethshift": Param(5, 0, 100_000, "rows by which it is drawn later"),
        "lips": Param(5, 1, 100_000, "rows in the fastest average"),
        "lipsshift": Param(3, 0, 100_000, "rows by which it is drawn later"),
    },
    source="Williams 1995, Trading Chaos; 1998, New Trading Dimensions",
)
def alligator(
    on: Nodes, high: Line, low: Line, jaw: int, jawshift: int, teeth: int, teethshift: int, lips: int, lipsshift: int
) -> tuple[Line, ...]:
    """Three of Wilder's averages of the bar's middle, each as it was some rows before; all begin with the last."""
    middle = on.medprice(high, low)
    pairs = (jaw, jawshift), (teeth, teethshift), (lips, lipsshift)
    lines = (on.lag(on.rma(middle, period), shift) for period, shift in pairs)
    return on.apply(awake, middle, *lines, outputs=3)
