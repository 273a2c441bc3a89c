"""Identical Three Crows."""

from __future__ import annotations

from hq_core.candles import MORRIS, pattern


@pattern("Identical Three Crows", MORRIS)
def cdlidentical3crows(
    black2: bool,
    close2: float,
    lower2: float,
    tiny2: float,
    equal2: float,
    black1: bool,
    open1: float,
    close1: float,
    lower1: float,
    tiny1: float,
    equal1: float,
    black: bool,
    open: float,
    close: float,
    lower: float,
    tiny: float,
) -> float:
    """Three black candles that close at their lows, each from the close before it."""
    crows = black2 & (lower2 < tiny2) & black1 & (lower1 < tiny1) & black & (lower < tiny)
    falling = (close2 > close1) & (close1 > close)
    second = (open1 <= close2 + equal2) & (open1 >= close2 - equal2)
    third = (open <= close1 + equal1) & (open >= close1 - equal1)
    return -100.0 if crows & falling & second & third else 0.0
