"""Harami Pattern."""

from __future__ import annotations

from hq_core.candles import pattern


@pattern("Harami Pattern")
def cdlharami(
    colour1: float,
    top1: float,
    bottom1: float,
    body1: float,
    long1: float,
    top: float,
    bottom: float,
    body: float,
    short: float,
) -> float:
    """A long candle and a short body within it; 80 where they share an end, else 100."""
    sizes = (body1 > long1) & (body <= short)
    size = 100.0 if (top < top1) & (bottom > bottom1) else 80.0
    return -size * colour1 if sizes & (top <= top1) & (bottom >= bottom1) else 0.0
