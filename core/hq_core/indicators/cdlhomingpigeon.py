"""Homing Pigeon."""

from __future__ import annotations

from hq_core.candles import MORRIS, pattern


@pattern("Homing Pigeon", MORRIS)
def cdlhomingpigeon(
    black1: bool,
    open1: float,
    close1: float,
    body1: float,
    long1: float,
    black: bool,
    open: float,
    close: float,
    body: float,
    short: float,
) -> float:
    """A long black candle and a short black one within its body."""
    bodies = black1 & (body1 > long1) & black & (body <= short)
    return 100.0 if bodies & (open < open1) & (close > close1) else 0.0
