"""Dark Cloud Cover."""

from __future__ import annotations

from hq_core.candles import pattern


@pattern("Dark Cloud Cover", penetration=0.5)
def cdldarkcloudcover(
    white1: bool,
    open1: float,
    high1: float,
    close1: float,
    body1: float,
    long1: float,
    black: bool,
    open: float,
    close: float,
    penetration: float,
) -> float:
    """A long white candle and a black one from above its high to deep in its body."""
    first = white1 & (body1 > long1)
    second = black & (open > high1) & (close > open1) & (close < close1 - body1 * penetration)
    return -100.0 if first & second else 0.0
