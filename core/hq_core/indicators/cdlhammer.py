"""Hammer."""

from __future__ import annotations

from hq_core.candles import pattern


@pattern("Hammer", lookback=11)
def cdlhammer(
    low1: float, near1: float, bottom: float, body: float, upper: float, lower: float, short: float, tiny: float
) -> float:
    """A short body near or below the low before, with a long lower shadow and no upper one."""
    shape = (body < short) & (lower > body) & (upper < tiny)
    return 100.0 if shape & (bottom <= low1 + near1) else 0.0
