"""Breakaway."""

from __future__ import annotations

from hq_core.candles import MORRIS, pattern


@pattern("Breakaway", MORRIS)
def cdlbreakaway(
    colour4: float,
    close4: float,
    body4: float,
    long4: float,
    colour3: float,
    open3: float,
    high3: float,
    low3: float,
    high2: float,
    low2: float,
    colour1: float,
    high1: float,
    low1: float,
    colour: float,
    close: float,
) -> float:
    """A long candle, three that gap away from it and go on, and one that comes back into the gap."""
    first = (body4 > long4) & (colour4 == colour3) & (colour4 * open3 > colour4 * close4)
    onward = (colour4 * high2 > colour4 * high3) & (colour4 * low2 > colour4 * low3)
    onward = onward & (colour4 * high1 > colour4 * high2) & (colour4 * low1 > colour4 * low2)
    back = (colour3 == colour1) & (colour == -colour1)
    back = back & (colour4 * close < colour4 * open3) & (colour4 * close > colour4 * close4)
    return 100.0 * colour if first & onward & back else 0.0
