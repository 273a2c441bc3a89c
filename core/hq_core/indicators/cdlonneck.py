"""On-Neck Pattern."""

from __future__ import annotations

from hq_core.candles import pattern


@pattern("On-Neck Pattern")
def cdlonneck(
    black1: bool, low1: float, body1: float, long1: float, equal1: float, white: bool, open: float, close: float
) -> float:
    """A long black candle and a white one from below its low to just that low."""
    first = black1 & (body1 > long1)
    return -100.0 if first & white & (open < low1) & (close <= low1 + equal1) & (close >= low1 - equal1) else 0.0
