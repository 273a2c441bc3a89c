"""Closing Marubozu."""

from __future__ import annotations

from hq_core.candles import pattern


@pattern("Closing Marubozu")
def cdlclosingmarubozu(
    white: bool, black: bool, colour: float, body: float, upper: float, lower: float, long: float, tiny: float
) -> float:
    """A long candle that closes at its end: a white one without an upper shadow, a black one without a lower."""
    bare = (white & (upper < tiny)) | (black & (lower < tiny))
    return 100.0 * colour if (body > long) & bare else 0.0
