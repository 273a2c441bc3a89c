"""Piercing Pattern."""

from __future__ import annotations

from hq_core.candles import pattern


@pattern("Piercing Pattern")
def cdlpiercing(
    black1: bool,
    open1: float,
    low1: float,
    close1: float,
    body1: float,
    long1: float,
    white: bool,
    open: float,
    close: float,
    body: float,
    long: float,
) -> float:
    """A long black candle and a long white one from below its low to above the middle of its body."""
    bodies = black1 & (body1 > long1) & white & (body > long)
    return 100.0 if bodies & (open < low1) & (close < open1) & (close > close1 + body1 * 0.5) else 0.0
