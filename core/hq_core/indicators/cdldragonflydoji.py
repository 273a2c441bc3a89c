"""Dragonfly Doji."""

from __future__ import annotations

from hq_core.candles import pattern


@pattern("Dragonfly Doji")
def cdldragonflydoji(body: float, upper: float, lower: float, doji: float, tiny: float) -> float:
    """A doji at its high: a lower shadow and no upper one."""
    return 100.0 if (body <= doji) & (upper < tiny) & (lower > tiny) else 0.0
