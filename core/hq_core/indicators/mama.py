"""MESA Adaptive Moving Average."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, State, kernel
from hq_core.kernels.hilbert import DEGREES, RING, cycle
from hq_core.kernels.maths.arc import atan
from hq_core.kernels.smooth import finite
from hq_core.registry import Param


@kernel(state="phase mama fama seen:i8")
def follow(
    close: F8,
    inphase: F8,
    quadrature: F8,
    fastlimit: float,
    slowlimit: float,
    rows: int,
    s: State,
    out_mama: F8,
    out_fama: F8,
) -> None:
    """The two averages, from finite row number `rows` of the phasor on.

    s  phase: the phasor's angle in degrees; mama, fama: the averages, from 0 on; seen: finite rows, up to `rows`
    """
    phase = s.phase
    mama = s.mama
    fama = s.fama
    seen = s.seen
    for i in range(len(close)):
        value = close[i]  # before the outputs: they may be columns of the inputs
        ahead = inphase[i]
        behind = quadrature[i]
        out_mama[i] = math.nan
        out_fama[i] = math.nan
        if finite(ahead):
            before = phase
            phase = atan(behind / ahead) * DEGREES if ahead != 0.0 else 0.0
            turn = before - phase
            share = fastlimit
            if turn > 1.0:
                share = max(fastlimit / turn, slowlimit)
            mama = share * value + (1.0 - share) * mama
            share *= 0.5
            fama = share * mama + (1.0 - share) * fama
            if seen < rows:
                seen += 1
            else:
                out_mama[i] = mama
                out_fama[i] = fama
    s.phase = phase
    s.mama = mama
    s.fama = fama
    s.seen = seen


@composite(
    title="MESA Adaptive Moving Average",
    inputs="close",
    outputs={"mama": "unit of the input", "fama": "unit of the input"},
    params={
        "fastlimit": Param(0.5, 0.01, 0.99, "largest weight of the newest row"),
        "slowlimit": Param(0.05, 0.01, 0.99, "smallest weight of the newest row while the phase goes back"),
    },
    source="Ehlers 2001, Technical Analysis of Stocks & Commodities 19(10)",
    talib="MAMA",
)
def mama(on: Nodes, close: Line, fastlimit: float, slowlimit: float) -> tuple[Line, ...]:
    """Average that follows faster the less the phase of the dominant cycle turns, and the average of it that follows
    with half the weight.

    Both start at 0 twenty rows before the first output, as TA-Lib has it.
    """
    _, inphase, quadrature, _ = on.apply(cycle, close, outputs=4, ring=RING, warmup=12, start=12)
    return on.apply(
        follow, close, inphase, quadrature, outputs=2, warmup=20, fastlimit=fastlimit, slowlimit=slowlimit, rows=20
    )
