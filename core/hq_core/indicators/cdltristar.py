"""Tristar Pattern."""

from __future__ import annotations

from hq_core.candles import pattern


@pattern("Tristar Pattern")
def cdltristar(
    top2: float,
    bottom2: float,
    body2: float,
    doji2: float,
    top1: float,
    bottom1: float,
    body1: float,
    top: float,
    bottom: float,
    body: float,
) -> float:
    """Three doji of which the middle one lies beyond the others."""
    three = (body2 <= doji2) & (body1 <= doji2) & (body <= doji2)
    above = (bottom1 > top2) & (top < top1)
    below = (top1 < bottom2) & (bottom > bottom1)
    return (-100.0 if above else 100.0) if three & (above | below) else 0.0
