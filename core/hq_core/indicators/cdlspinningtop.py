"""Spinning Top."""

from __future__ import annotations

from hq_core.candles import pattern


@pattern("Spinning Top")
def cdlspinningtop(colour: float, body: float, upper: float, lower: float, short: float) -> float:
    """A short body between two shadows that are longer."""
    return 100.0 * colour if (body < short) & (upper > body) & (lower > body) else 0.0
