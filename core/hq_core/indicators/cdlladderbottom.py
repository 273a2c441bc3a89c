"""Ladder Bottom."""

from __future__ import annotations

from hq_core.candles import MORRIS, pattern


@pattern("Ladder Bottom", MORRIS, lookback=14)
def cdlladderbottom(
    black4: bool,
    open4: float,
    close4: float,
    black3: bool,
    open3: float,
    close3: float,
    black2: bool,
    open2: float,
    close2: float,
    black1: bool,
    open1: float,
    high1: float,
    upper1: float,
    tiny1: float,
    white: bool,
    open: float,
    close: float,
) -> float:
    """Three black candles that step down, a black one with an upper shadow, and a white one above it."""
    steps = black4 & black3 & black2 & (open4 > open3) & (open3 > open2) & (close4 > close3) & (close3 > close2)
    turned = black1 & (upper1 > tiny1) & white & (open > open1) & (close > high1)
    return 100.0 if steps & turned else 0.0
