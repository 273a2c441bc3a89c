"""Two Crows."""

from __future__ import annotations

from hq_core.candles import MORRIS, pattern


@pattern("Two Crows", MORRIS)
def cdl2crows(
    white2: bool,
    open2: float,
    close2: float,
    top2: float,
    body2: float,
    long2: float,
    black1: bool,
    open1: float,
    close1: float,
    bottom1: float,
    black: bool,
    open: float,
    close: float,
) -> float:
    """A long white candle, a black one above it, and a black one from the second body into the first."""
    first = white2 & (body2 > long2)
    second = black1 & (bottom1 > top2)
    third = black & (open < open1) & (open > close1) & (close > open2) & (close < close2)
    return -100.0 if first & second & third else 0.0
