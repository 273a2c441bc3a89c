"""Three-Line Strike."""

from __future__ import annotations

from hq_core.candles import MORRIS, pattern


@pattern("Three-Line Strike", MORRIS)
def cdl3linestrike(
    colour3: float,
    open3: float,
    close3: float,
    top3: float,
    bottom3: float,
    near3: float,
    colour2: float,
    open2: float,
    close2: float,
    top2: float,
    bottom2: float,
    near2: float,
    colour1: float,
    open1: float,
    close1: float,
    colour: float,
    open: float,
    close: float,
) -> float:
    """Three candles of one colour, each closing further on, and one of the other that takes all of it back."""
    colours = (colour3 == colour2) & (colour2 == colour1) & (colour == -colour1)
    second = (open2 >= bottom3 - near3) & (open2 <= top3 + near3)
    third = (open1 >= bottom2 - near2) & (open1 <= top2 + near2)
    closes = (colour1 * close1 > colour1 * close2) & (colour1 * close2 > colour1 * close3)
    strike = (colour1 * open > colour1 * close1) & (colour1 * close < colour1 * open3)
    return 100.0 * colour1 if colours & second & third & closes & strike else 0.0
