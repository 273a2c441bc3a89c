"""Stalled Pattern."""

from __future__ import annotations

from hq_core.candles import pattern


@pattern("Stalled Pattern")
def cdlstalledpattern(
    white2: bool,
    open2: float,
    close2: float,
    body2: float,
    long2: float,
    near2: float,
    white1: bool,
    open1: float,
    close1: float,
    body1: float,
    upper1: float,
    long1: float,
    tiny1: float,
    near1: float,
    white: bool,
    open: float,
    close: float,
    body: float,
    short: float,
) -> float:
    """Two long white candles and a short one that opens near the second's close and hardly rises."""
    rising = white2 & white1 & white & (close > close1) & (close1 > close2)
    longs = (body2 > long2) & (body1 > long1) & (upper1 < tiny1) & (open1 > open2) & (open1 <= close2 + near2)
    return -100.0 if rising & longs & (body < short) & (open >= close1 - body - near1) else 0.0
