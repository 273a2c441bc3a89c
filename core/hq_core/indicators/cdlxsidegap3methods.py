"""Upside/Downside Gap Three Methods."""

from __future__ import annotations

from hq_core.candles import MORRIS, pattern


@pattern("Upside/Downside Gap Three Methods", MORRIS)
def cdlxsidegap3methods(
    white2: bool,
    black2: bool,
    colour2: float,
    top2: float,
    bottom2: float,
    colour1: float,
    top1: float,
    bottom1: float,
    colour: float,
    open: float,
    close: float,
) -> float:
    """Two candles of one colour with a gap between, and one of the other from the second body into the first."""
    gap = (white2 & (bottom1 > top2)) | (black2 & (top1 < bottom2))
    colours = (colour2 == colour1) & (colour1 == -colour)
    within = (open < top1) & (open > bottom1) & (close < top2) & (close > bottom2)
    return 100.0 * colour2 if gap & colours & within else 0.0
