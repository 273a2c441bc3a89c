"""Hilbert Transform, Instantaneous Trendline."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.kernels.hilbert import RING, TREND_RING, cycle, trendline


@composite(
    title="Hilbert Transform, Instantaneous Trendline",
    inputs="close",
    outputs={"ht_trendline": "unit of the input"},
    params={},
    source="Ehlers 2001, Rocket Science for Traders, ch. 10",
    talib="HT_TRENDLINE",
)
def ht_trendline(on: Nodes, close: Line) -> Line:
    """Mean price over the last whole cycle, smoothed over four rows: what is left when the cycle is taken away."""
    *_, period = on.apply(cycle, close, outputs=4, ring=RING, warmup=37, start=37)
    return on.skip(on.apply(trendline, close, period, ring=TREND_RING), 26)
