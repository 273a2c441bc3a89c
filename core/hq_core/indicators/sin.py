"""Sine."""

from __future__ import annotations

from hq_core.jit import F8
from hq_core.kernels.maths.trig import sin as sin_of
from hq_core.registry import indicator


@indicator(
    title="Sine",
    inputs="close",
    outputs={"sin": "-1..1"},
    params={},
    warmup=lambda: 0,
    source="definition: the sine of an angle in radians",
    talib="SIN",
)
def sin(close: F8, out: F8) -> None:
    """Sine of an angle.

    close  (n,)  radians, of any size; nan or infinite makes the row nan
    out    (n,)  -1 to 1
    """
    for i in range(len(close)):
        out[i] = sin_of(close[i])
