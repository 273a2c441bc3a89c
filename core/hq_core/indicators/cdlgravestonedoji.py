"""Gravestone Doji."""

from __future__ import annotations

from hq_core.candles import pattern


@pattern("Gravestone Doji")
def cdlgravestonedoji(body: float, upper: float, lower: float, doji: float, tiny: float) -> float:
    """A doji at its low: an upper shadow and no lower one."""
    return 100.0 if (body <= doji) & (lower < tiny) & (upper > tiny) else 0.0
