"""Belt-hold."""

from __future__ import annotations

from hq_core.candles import pattern


@pattern("Belt-hold")
def cdlbelthold(
    white: bool, black: bool, colour: float, body: float, upper: float, lower: float, long: float, tiny: float
) -> float:
    """A long candle that opens at its end: a white one without a lower shadow, a black one without an upper."""
    bare = (white & (lower < tiny)) | (black & (upper < tiny))
    return 100.0 * colour if (body > long) & bare else 0.0
