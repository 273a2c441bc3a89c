"""Takuri."""

from __future__ import annotations

from hq_core.candles import pattern


@pattern("Takuri")
def cdltakuri(body: float, upper: float, lower: float, doji: float, tiny: float) -> float:
    """A dragonfly doji whose lower shadow is very long."""
    return 100.0 if (body <= doji) & (upper < tiny) & (lower > 2.0 * body) else 0.0
