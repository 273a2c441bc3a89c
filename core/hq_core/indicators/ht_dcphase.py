"""Hilbert Transform, Dominant Cycle Phase."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.kernels.hilbert import PHASE_RING, RING, cycle, phase


@composite(
    title="Hilbert Transform, Dominant Cycle Phase",
    inputs="close",
    outputs={"ht_dcphase": "-45..315 degrees"},
    params={},
    source="Ehlers 2001, Rocket Science for Traders, ch. 9",
    talib="HT_DCPHASE",
)
def ht_dcphase(on: Nodes, close: Line) -> Line:
    """Where in its turn the dominant cycle is, in degrees: the phase of the last whole cycle's first harmonic."""
    smooth, _, _, period = on.apply(cycle, close, outputs=4, ring=RING, warmup=37, start=37)
    return on.skip(on.apply(phase, smooth, period, ring=PHASE_RING), 26)
