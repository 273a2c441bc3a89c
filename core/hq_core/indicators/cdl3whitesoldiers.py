"""Three Advancing White Soldiers."""

from __future__ import annotations

from hq_core.candles import pattern


@pattern("Three Advancing White Soldiers")
def cdl3whitesoldiers(
    white2: bool,
    open2: float,
    close2: float,
    body2: float,
    upper2: float,
    tiny2: float,
    near2: float,
    far2: float,
    white1: bool,
    open1: float,
    close1: float,
    body1: float,
    upper1: float,
    tiny1: float,
    near1: float,
    far1: float,
    white: bool,
    open: float,
    close: float,
    body: float,
    upper: float,
    short: float,
    tiny: float,
) -> float:
    """Three white candles that close at their highs, each from the body before it or near it, none much shorter."""
    soldiers = white2 & (upper2 < tiny2) & white1 & (upper1 < tiny1) & white & (upper < tiny)
    closes = (close > close1) & (close1 > close2)
    opens = (open1 > open2) & (open1 <= close2 + near2) & (open > open1) & (open <= close1 + near1)
    bodies = (body1 > body2 - far2) & (body > body1 - far1) & (body > short)
    return 100.0 if soldiers & closes & opens & bodies else 0.0
