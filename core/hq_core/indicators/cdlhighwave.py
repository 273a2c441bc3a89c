"""High-Wave Candle."""

from __future__ import annotations

from hq_core.candles import pattern


@pattern("High-Wave Candle")
def cdlhighwave(colour: float, body: float, upper: float, lower: float, short: float) -> float:
    """A short body between two very long shadows."""
    return 100.0 * colour if (body < short) & (upper > 2.0 * body) & (lower > 2.0 * body) else 0.0
