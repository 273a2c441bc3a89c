"""Cosine."""

from __future__ import annotations

from hq_core.jit import F8
from hq_core.kernels.maths.trig import cos as cos_of
from hq_core.registry import indicator


@indicator(
    title="Cosine",
    inputs="close",
    outputs={"cos": "-1..1"},
    params={},
    warmup=lambda: 0,
    source="definition: the cosine of an angle in radians",
    talib="COS",
)
def cos(close: F8, out: F8) -> None:
    """Cosine of an angle.

    close  (n,)  radians, of any size; nan or infinite makes the row nan
    out    (n,)  -1 to 1
    """
    for i in range(len(close)):
        out[i] = cos_of(close[i])
