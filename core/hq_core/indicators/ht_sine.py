"""Hilbert Transform, Sine Wave."""
from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.kernels.hilbert import RADIANS
from hq_core.kernels.maths.trig import sin


@kernel()
def waves(phase: F8, out_sine: F8, out_leadsine: F8) -> None:
    for i in range(len(phase)):
        degrees = phase[i]
        out_sine[i] = sin(degrees * RADIANS)
        out_leadsine[i] = sin((degrees + 45.0) * RADIANS)


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
    found: tuple[Line, ...] = on.apply(waves, on.ht_dcphase(close), outputs=2)
    return found
