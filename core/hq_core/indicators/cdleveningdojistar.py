"""Evening Doji Star."""

from __future__ import annotations

from hq_core.candles import pattern


@pattern("Evening Doji Star", penetration=0.3)
def cdleveningdojistar(
    white2: bool,
    close2: float,
    top2: float,
    body2: float,
    long2: float,
    bottom1: float,
    body1: float,
    doji1: float,
    black: bool,
    close: float,
    body: float,
    short: float,
    penetration: float,
) -> float:
    """A long white candle, a doji above it, and a black candle deep into the first."""
    star = white2 & (body2 > long2) & (body1 <= doji1) & (bottom1 > top2)
    return -100.0 if star & black & (body > short) & (close < close2 - body2 * penetration) else 0.0
