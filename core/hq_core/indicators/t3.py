"""Triple Generalised DEMA (T3)."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.registry import Param


@kernel()
def blend(x: F8, y: F8, z: F8, last: F8, third: float, fourth: float, fifth: float, sixth: float, out: F8) -> None:
    """The sum of the third to the sixth average with these weights."""
    for i in range(len(x)):
        out[i] = sixth * last[i] + fifth * z[i] + fourth * y[i] + third * x[i]


@composite(
    title="Triple Generalised DEMA (T3)",
    inputs="close",
    outputs={"t3": "unit of the input"},
    params={
        "period": Param(5, 1, 100_000, "rows in each EMA; the newest weighs 2 / (period + 1)"),
        "vfactor": Param(0.7, 0.0, 1.0, "share of the delay that is taken away: 0 is a triple EMA, 1 a triple DEMA"),
    },
    source="Tillson 1998, Technical Analysis of Stocks & Commodities 16(1)",
    talib="T3",
)
def t3(on: Nodes, close: Line, period: int, vfactor: float) -> Line:
    """DEMA with its gain reduced to vfactor, three times over: a sum of the third to the sixth EMA in a row."""
    line = close
    averages = [line := on.ema(line, period) for _ in range(6)]
    square = vfactor * vfactor
    cube = square * vfactor
    return on.apply(
        blend,
        *averages[2:],
        third=1.0 + 3.0 * vfactor + cube + 3.0 * square,
        fourth=-6.0 * square - 3.0 * (vfactor + cube),
        fifth=3.0 * (square + cube),
        sixth=-cube,
    )
