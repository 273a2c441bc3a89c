"""Unique Three River."""

from __future__ import annotations

from hq_core.candles import pattern


@pattern("Unique Three River")
def cdlunique3river(
    black2: bool,
    open2: float,
    low2: float,
    close2: float,
    body2: float,
    long2: float,
    black1: bool,
    open1: float,
    low1: float,
    close1: float,
    white: bool,
    open: float,
    body: float,
    short: float,
) -> float:
    """A long black candle, a black one within it with a lower low, and a short white one above that low."""
    first = black2 & (body2 > long2)
    second = black1 & (close1 > close2) & (open1 <= open2) & (low1 < low2)
    return 100.0 if first & second & (body < short) & white & (open > low1) else 0.0
