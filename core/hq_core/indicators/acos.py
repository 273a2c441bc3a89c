"""Arc Cosine."""

from __future__ import annotations

from hq_core.jit import F8
from hq_core.kernels.maths.arc import acos as acos_of
from hq_core.registry import indicator


@indicator(
    title="Arc Cosine",
    inputs="close",
    outputs={"acos": "0..3.1416 radians"},
    params={},
    warmup=lambda: 0,
    source="definition: the angle whose cosine is the value",
    talib="ACOS",
    domain=1.0,
)
def acos(close: F8, out: F8) -> None:
    """Angle whose cosine is the input.

    close  (n,)  -1 to 1; outside it, and nan, makes the row nan
    out    (n,)  radians, 0 to pi
    """
    for i in range(len(close)):
        out[i] = acos_of(close[i])
