"""Doji Star."""

from __future__ import annotations

from hq_core.candles import pattern


@pattern("Doji Star")
def cdldojistar(
    white1: bool,
    black1: bool,
    colour1: float,
    top1: float,
    bottom1: float,
    body1: float,
    long1: float,
    top: float,
    bottom: float,
    body: float,
    doji: float,
) -> float:
    """A long candle and a doji whose body lies beyond it."""
    beyond = (white1 & (bottom > top1)) | (black1 & (top < bottom1))
    return -100.0 * colour1 if (body1 > long1) & (body <= doji) & beyond else 0.0
