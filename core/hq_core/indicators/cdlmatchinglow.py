"""Matching Low."""

from __future__ import annotations

from hq_core.candles import MORRIS, pattern


@pattern("Matching Low", MORRIS)
def cdlmatchinglow(black1: bool, close1: float, equal1: float, black: bool, close: float) -> float:
    """Two black candles with equal closes."""
    return 100.0 if black1 & black & (close <= close1 + equal1) & (close >= close1 - equal1) else 0.0
