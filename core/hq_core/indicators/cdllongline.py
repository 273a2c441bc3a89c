"""Long Line Candle."""

from __future__ import annotations

from hq_core.candles import pattern


@pattern("Long Line Candle")
def cdllongline(colour: float, body: float, upper: float, lower: float, long: float, slight: float) -> float:
    """A long body with short shadows."""
    return 100.0 * colour if (body > long) & (upper < slight) & (lower < slight) else 0.0
