"""Harami Cross Pattern."""

from __future__ import annotations

from hq_core.candles import pattern


@pattern("Harami Cross Pattern")
def cdlharamicross(
    colour1: float,
    top1: float,
    bottom1: float,
    body1: float,
    long1: float,
    top: float,
    bottom: float,
    body: float,
    doji: float,
) -> float:
    """A long candle and a doji within its body; 80 where they share an end, else 100."""
    sizes = (body1 > long1) & (body <= doji)
    size = 100.0 if (top < top1) & (bottom > bottom1) else 80.0
    return -size * colour1 if sizes & (top <= top1) & (bottom >= bottom1) else 0.0
