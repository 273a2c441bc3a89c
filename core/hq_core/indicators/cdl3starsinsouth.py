"""Three Stars in the South."""

from __future__ import annotations

from hq_core.candles import MORRIS, pattern


@pattern("Three Stars in the South", MORRIS)
def cdl3starsinsouth(
    black2: bool,
    high2: float,
    low2: float,
    close2: float,
    body2: float,
    lower2: float,
    long2: float,
    black1: bool,
    open1: float,
    high1: float,
    low1: float,
    body1: float,
    lower1: float,
    tiny1: float,
    black: bool,
    high: float,
    low: float,
    body: float,
    upper: float,
    lower: float,
    short: float,
    tiny: float,
) -> float:
    """Three ever smaller black candles whose lows rise; the first has a long lower shadow, the last none."""
    first = black2 & (body2 > long2) & (lower2 > body2)
    second = black1 & (body1 < body2) & (open1 > close2) & (open1 <= high2)
    second = second & (low1 < close2) & (low1 >= low2) & (lower1 > tiny1)
    third = black & (body < short) & (lower < tiny) & (upper < tiny) & (low > low1) & (high < high1)
    return 100.0 if first & second & third else 0.0
