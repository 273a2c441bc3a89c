"""Doji."""

from __future__ import annotations

from hq_core.candles import pattern


@pattern("Doji")
def cdldoji(body: float, doji: float) -> float:
    """A candle whose open and close are almost equal."""
    return 100.0 if body <= doji else 0.0
