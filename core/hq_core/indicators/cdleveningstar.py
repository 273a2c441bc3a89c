"""Evening Star."""

from __future__ import annotations

from hq_core.candles import pattern


@pattern("Evening Star", penetration=0.3)
def cdleveningstar(
    white2: bool,
    close2: float,
    top2: float,
    body2: float,
    long2: float,
    bottom1: float,
    body1: float,
    short1: float,
    black: bool,
    close: float,
    body: float,
    short: float,
    penetration: float,
) -> float:
    """A long white candle, a short one above it, and a black candle deep into the first."""
    star = white2 & (body2 > long2) & (body1 <= short1) & (bottom1 > top2)
    return -100.0 if star & black & (body > short) & (close < close2 - body2 * penetration) else 0.0
