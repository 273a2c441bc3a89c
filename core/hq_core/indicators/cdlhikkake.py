"""Hikkake Pattern."""

from __future__ import annotations

from hq_core.candles import CHESLER, pattern


@pattern("Hikkake Pattern", CHESLER, span="-200..200", confirmed=True)
def cdlhikkake(high2: float, low2: float, high1: float, low1: float, high: float, low: float) -> float:
    """An inside bar and a bar that breaks out of it on both ends the same way, which is taken for a false start."""
    inside = (high1 < high2) & (low1 > low2)
    down = (high < high1) & (low < low1)
    up = (high > high1) & (low > low1)
    return (100.0 if down else -100.0) if inside & (down | up) else 0.0
