"""Advance Block."""

from __future__ import annotations

from hq_core.candles import pattern


@pattern("Advance Block")
def cdladvanceblock(
    white2: bool,
    open2: float,
    close2: float,
    body2: float,
    upper2: float,
    long2: float,
    slight2: float,
    near2: float,
    far2: float,
    white1: bool,
    open1: float,
    close1: float,
    body1: float,
    upper1: float,
    slight1: float,
    near1: float,
    far1: float,
    white: bool,
    open: float,
    close: float,
    body: float,
    upper: float,
    slight: float,
) -> float:
    """Three white candles with higher closes that show weakness: smaller bodies or longer upper shadows."""
    rising = white2 & white1 & white & (close > close1) & (close1 > close2)
    opens = (open1 > open2) & (open1 <= close2 + near2) & (open > open1) & (open <= close1 + near1)
    first = (body2 > long2) & (upper2 < slight2)
    halted = (body1 < body2 - far2) & (body < body1 + near1)
    dropped = body < body1 - far1
    shrinking = (body < body1) & (body1 < body2) & ((upper > slight) | (upper1 > slight1))
    rejected = (body < body1) & (upper > body)
    return -100.0 if rising & opens & first & (halted | dropped | shrinking | rejected) else 0.0
