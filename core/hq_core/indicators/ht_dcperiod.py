"""Hilbert Transform, Dominant Cycle Period."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.kernels.hilbert import RING, cycle


@composite(
    title="Hilbert Transform, Dominant Cycle Period",
    inputs="close",
    outputs={"ht_dcperiod": "ratio: rows, up to 50"},
    params={},
    source="Ehlers 2001, Rocket Science for Traders, ch. 7",
    talib="HT_DCPERIOD",
)
def ht_dcperiod(on: Nodes, close: Line) -> Line:
    """Rows in one turn of the dominant cycle, smoothed."""
    *_, period = on.apply(cycle, close, outputs=4, ring=RING, warmup=12, start=12)
    return on.skip(period, 20)
