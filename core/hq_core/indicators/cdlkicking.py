"""Kicking."""

from __future__ import annotations

from hq_core.candles import MORRIS, pattern


@pattern("Kicking", MORRIS)
def cdlkicking(
    white1: bool,
    black1: bool,
    colour1: float,
    high1: float,
    low1: float,
    body1: float,
    upper1: float,
    lower1: float,
    long1: float,
    tiny1: float,
    colour: float,
    high: float,
    low: float,
    body: float,
    upper: float,
    lower: float,
    long: float,
    tiny: float,
) -> float:
    """Two long candles of different colours without shadows and with a gap between them; the second gives the sign."""
    bare = (body1 > long1) & (upper1 < tiny1) & (lower1 < tiny1) & (body > long) & (upper < tiny) & (lower < tiny)
    apart = (black1 & (low > high1)) | (white1 & (high < low1))
    return 100.0 * colour if (colour1 == -colour) & bare & apart else 0.0
