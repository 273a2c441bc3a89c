"""Stick Sandwich."""

from __future__ import annotations

from hq_core.candles import MORRIS, pattern


@pattern("Stick Sandwich", MORRIS)
def cdlsticksandwich(
    black2: bool, close2: float, equal2: float, white1: bool, low1: float, black: bool, close: float
) -> float:
    """Two black candles with equal closes and between them a white one above that close."""
    colours = black2 & white1 & black & (low1 > close2)
    return 100.0 if colours & (close <= close2 + equal2) & (close >= close2 - equal2) else 0.0
