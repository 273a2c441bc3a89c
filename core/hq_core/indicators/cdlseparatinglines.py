"""Separating Lines."""

from __future__ import annotations

from hq_core.candles import pattern


@pattern("Separating Lines", lookback=11)
def cdlseparatinglines(
    colour1: float,
    open1: float,
    equal1: float,
    white: bool,
    black: bool,
    colour: float,
    open: float,
    body: float,
    upper: float,
    lower: float,
    long: float,
    tiny: float,
) -> float:
    """Two candles of different colours with equal opens, the second a long belt-hold."""
    opens = (colour1 == -colour) & (open <= open1 + equal1) & (open >= open1 - equal1)
    bare = (white & (lower < tiny)) | (black & (upper < tiny))
    return 100.0 * colour if opens & (body > long) & bare else 0.0
