"""Shooting Star."""

from __future__ import annotations

from hq_core.candles import pattern


@pattern("Shooting Star", lookback=11)
def cdlshootingstar(
    top1: float, bottom: float, body: float, upper: float, lower: float, short: float, tiny: float
) -> float:
    """A short body above the one before, with a long upper shadow and no lower one."""
    shape = (body < short) & (upper > body) & (lower < tiny)
    return -100.0 if shape & (bottom > top1) else 0.0
