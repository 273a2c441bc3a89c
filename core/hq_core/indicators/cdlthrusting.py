"""Thrusting Pattern."""

from __future__ import annotations

from hq_core.candles import pattern


@pattern("Thrusting Pattern")
def cdlthrusting(
    black1: bool,
    low1: float,
    close1: float,
    body1: float,
    long1: float,
    equal1: float,
    white: bool,
    open: float,
    close: float,
) -> float:
    """A long black candle and a white one from below its low to above its close, but not above its middle."""
    first = black1 & (body1 > long1)
    second = white & (open < low1) & (close > close1 + equal1) & (close <= close1 + body1 * 0.5)
    return -100.0 if first & second else 0.0
