"""Inverted Hammer."""

from __future__ import annotations

from hq_core.candles import pattern


@pattern("Inverted Hammer", lookback=11)
def cdlinvertedhammer(
    bottom1: float, top: float, body: float, upper: float, lower: float, short: float, tiny: float
) -> float:
    """A short body below the one before, with a long upper shadow and no lower one."""
    shape = (body < short) & (upper > body) & (lower < tiny)
    return 100.0 if shape & (top < bottom1) else 0.0
