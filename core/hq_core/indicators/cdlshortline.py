"""Short Line Candle."""

from __future__ import annotations

from hq_core.candles import pattern


@pattern("Short Line Candle")
def cdlshortline(colour: float, body: float, upper: float, lower: float, short: float, slight: float) -> float:
    """A short body with short shadows."""
    return 100.0 * colour if (body < short) & (upper < slight) & (lower < slight) else 0.0
