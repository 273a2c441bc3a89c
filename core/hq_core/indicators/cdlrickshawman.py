"""Rickshaw Man."""

from __future__ import annotations

from hq_core.candles import pattern


@pattern("Rickshaw Man")
def cdlrickshawman(
    high: float,
    low: float,
    top: float,
    bottom: float,
    body: float,
    upper: float,
    lower: float,
    doji: float,
    near: float,
) -> float:
    """A doji in the middle of its range, with two shadows longer than its body."""
    shape = (body <= doji) & (lower > body) & (upper > body)
    middle = low + (high - low) / 2.0
    return 100.0 if shape & (bottom <= middle + near) & (top >= middle - near) else 0.0
