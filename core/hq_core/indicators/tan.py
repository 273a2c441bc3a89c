"""Tangent."""

from __future__ import annotations

from hq_core.jit import F8
from hq_core.kernels.maths.trig import tan as tan_of
from hq_core.registry import indicator


@indicator(
    title="Tangent",
    inputs="close",
    outputs={"tan": "ratio"},
    params={},
    warmup=lambda: 0,
    source="definition: the tangent of an angle in radians",
    talib="TAN",
)
def tan(close: F8, out: F8) -> None:
    """Tangent of an angle.

    close  (n,)  radians, of any size; nan or infinite makes the row nan
    out    (n,)  a ratio
    """
    for i in range(len(close)):
        out[i] = tan_of(close[i])
