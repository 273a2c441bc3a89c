"""Concealing Baby Swallow."""

from __future__ import annotations

from hq_core.candles import MORRIS, pattern


@pattern("Concealing Baby Swallow", MORRIS)
def cdlconcealbabyswall(
    black3: bool,
    upper3: float,
    lower3: float,
    tiny3: float,
    black2: bool,
    close2: float,
    bottom2: float,
    upper2: float,
    lower2: float,
    tiny2: float,
    black1: bool,
    high1: float,
    low1: float,
    top1: float,
    upper1: float,
    tiny1: float,
    black: bool,
    high: float,
    low: float,
) -> float:
    """Two black candles without shadows, a black one below a gap that reaches up into them, a black one around it."""
    colours = black3 & black2 & black1 & black
    bare = (lower3 < tiny3) & (upper3 < tiny3) & (lower2 < tiny2) & (upper2 < tiny2)
    third = (top1 < bottom2) & (upper1 > tiny1) & (high1 > close2)
    return 100.0 if colours & bare & third & (high > high1) & (low < low1) else 0.0
