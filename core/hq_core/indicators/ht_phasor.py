"""Hilbert Transform, Phasor Components."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.kernels.hilbert import RING, cycle


@composite(
    title="Hilbert Transform, Phasor Components",
    inputs="close",
    outputs={"inphase": "unit of the input", "quadrature": "unit of the input"},
    params={},
    source="Ehlers 2001, Rocket Science for Traders, ch. 6",
    talib="HT_PHASOR",
)
def ht_phasor(on: Nodes, close: Line) -> tuple[Line, ...]:
    """The dominant cycle as a pointer: the detrended price of three rows before, and what leads it by a quarter."""
    _, inphase, quadrature, _ = on.apply(cycle, close, outputs=4, ring=RING, warmup=12, start=12)
    return on.skip(inphase, 20), on.skip(quadrature, 20)
