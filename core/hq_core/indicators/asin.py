"""Arc Sine."""

from __future__ import annotations

from hq_core.jit import F8
from hq_core.kernels.maths.arc import asin as asin_of
from hq_core.registry import indicator


@indicator(
    title="Arc Sine",
    inputs="close",
    outputs={"asin": "-1.5708..1.5708 radians"},
    params={},
    warmup=lambda: 0,
    source="definition: the angle whose sine is the value",
    talib="ASIN",
    domain=1.0,
)
def asin(close: F8, out: F8) -> None:
    """Angle whose sine is the input.

    close  (n,)  -1 to 1; outside it, and nan, makes the row nan
    out    (n,)  radians, -pi / 2 to pi / 2
    """
    for i in range(len(close)):
        out[i] = asin_of(close[i])
