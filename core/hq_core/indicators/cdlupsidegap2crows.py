"""Upside Gap Two Crows."""

from __future__ import annotations

from hq_core.candles import pattern


@pattern("Upside Gap Two Crows")
def cdlupsidegap2crows(
    white2: bool,
    close2: float,
    top2: float,
    body2: float,
    long2: float,
    black1: bool,
    open1: float,
    close1: float,
    bottom1: float,
    body1: float,
    short1: float,
    black: bool,
    open: float,
    close: float,
) -> float:
    """A long white candle, a short black one above it, and a black one around the second, still above the first."""
    first = white2 & (body2 > long2)
    second = black1 & (body1 <= short1) & (bottom1 > top2)
    third = black & (open > open1) & (close < close1) & (close > close2)
    return -100.0 if first & second & third else 0.0
