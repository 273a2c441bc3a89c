"""Linear Regression Angle."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.kernels.hilbert import DEGREES
from hq_core.kernels.maths.arc import atan
from hq_core.registry import Param


@kernel()
def steepness(slope: F8, out: F8) -> None:
    """The angle in degrees of each slope."""
    for i in range(len(slope)):
        out[i] = atan(slope[i]) * DEGREES


@composite(
    title="Linear Regression Angle",
    inputs="close",
    outputs={"linearreg_angle": "-90..90 degrees"},
    params={"period": Param(14, 2, 100_000, "rows in the line")},
    source="definition: the arc tangent of the least squares slope",
    talib="LINEARREG_ANGLE",
)
def linearreg_angle(on: Nodes, close: Line, period: int) -> Line:
    """Angle against the horizontal of the least squares line through the last `period` rows, a row being as long as
    one unit of the input.
    """
    angle: Line = on.apply(steepness, on.linearreg_slope(close, period))
    return angle
