"""Marubozu."""

from __future__ import annotations

from hq_core.candles import pattern


@pattern("Marubozu")
def cdlmarubozu(colour: float, body: float, upper: float, lower: float, long: float, tiny: float) -> float:
    """A long body without shadows."""
    return 100.0 * colour if (body > long) & (upper < tiny) & (lower < tiny) else 0.0
