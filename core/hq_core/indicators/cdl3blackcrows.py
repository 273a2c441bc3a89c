"""Three Black Crows."""

from __future__ import annotations

from hq_core.candles import pattern


@pattern("Three Black Crows", lookback=13)
def cdl3blackcrows(
    white3: bool,
    high3: float,
    black2: bool,
    open2: float,
    close2: float,
    lower2: float,
    tiny2: float,
    black1: bool,
    open1: float,
    close1: float,
    lower1: float,
    tiny1: float,
    black: bool,
    open: float,
    close: float,
    lower: float,
    tiny: float,
) -> float:
    """After a white candle three black ones, each from the body before it to a lower close at its low."""
    crows = black2 & (lower2 < tiny2) & black1 & (lower1 < tiny1) & black & (lower < tiny)
    opens = (open1 < open2) & (open1 > close2) & (open < open1) & (open > close1)
    closes = white3 & (high3 > close2) & (close2 > close1) & (close1 > close)
    return -100.0 if crows & opens & closes else 0.0
