"""Arc Tangent."""

from __future__ import annotations

import math

from hq_core.jit import F8
from hq_core.kernels.maths.arc import atan as atan_of
from hq_core.kernels.smooth import finite
from hq_core.registry import indicator


@indicator(
    title="Arc Tangent",
    inputs="close",
    outputs={"atan": "-1.5708..1.5708 radians"},
    params={},
    warmup=lambda: 0,
    source="definition: the angle whose tangent is the value",
    talib="ATAN",
)
def atan(close: F8, out: F8) -> None:
    """Angle whose tangent is the input.

    close  (n,)  a ratio; nan or infinite makes the row nan
    out    (n,)  radians, -pi / 2 to pi / 2
    """
    for i in range(len(close)):
        value = close[i]
        out[i] = atan_of(value) if finite(value) else math.nan
