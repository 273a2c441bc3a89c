"""Tasuki Gap."""

from __future__ import annotations

from hq_core.candles import pattern


@pattern("Tasuki Gap", lookback=7)
def cdltasukigap(
    top2: float,
    bottom2: float,
    white1: bool,
    black1: bool,
    colour1: float,
    open1: float,
    close1: float,
    top1: float,
    bottom1: float,
    body1: float,
    near1: float,
    colour: float,
    open: float,
    close: float,
    body: float,
) -> float:
    """Two candles of one colour with a gap between, and one of the other, about as long, back into the gap."""
    gap = (white1 & (bottom1 > top2)) | (black1 & (top1 < bottom2))
    inside = (colour == -colour1) & (colour1 * open < colour1 * close1) & (colour1 * open > colour1 * open1)
    filling = colour1 * close < colour1 * open1
    filling = filling & ((white1 & (close > top2)) | (black1 & (close < bottom2)))
    return 100.0 * colour1 if gap & inside & filling & (abs(body1 - body) < near1) else 0.0
