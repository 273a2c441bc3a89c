"""Hilbert Transform, Sine Wave."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.kernels.hilbert import PHASE_RING, RADIANS, RING, cycle, phase
from hq_core.kernels.maths.trig import sin


@kernel()
def waves(degrees: F8, out_sine: F8, out_leadsine: F8) -> None:
    """The sines of each phase and of 45 degrees more."""
    for i in range(len(degrees)):
        at = degrees[i]
        out_sine[i] = sin(at * RADIANS)
        out_leadsine[i] = sin((at + 45.0) * RADIANS)


@composite(
    title="Hilbert Transform, Sine Wave",
    inputs="close",
    outputs={"sine": "-1..1", "leadsine": "-1..1"},
    params={},
    source="Ehlers 2001, Rocket Science for Traders, ch. 9",
    talib="HT_SINE",
)
def ht_sine(on: Nodes, close: Line) -> tuple[Line, ...]:
    """Sine of the dominant cycle's phase, and the same 45 degrees ahead: where they cross, the cycle turns."""
    smooth, _, _, period = on.apply(cycle, close, outputs=4, ring=RING, warmup=37, start=37)
    degrees = on.skip(on.apply(phase, smooth, period, ring=PHASE_RING), 26)
    found: tuple[Line, ...] = on.apply(waves, degrees, outputs=2)
    return found
