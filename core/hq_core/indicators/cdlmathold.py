"""Mat Hold."""

from __future__ import annotations

from hq_core.candles import MORRIS, pattern


@pattern("Mat Hold", MORRIS, penetration=0.5)
def cdlmathold(
    white4: bool,
    close4: float,
    top4: float,
    body4: float,
    long4: float,
    black3: bool,
    open3: float,
    high3: float,
    bottom3: float,
    body3: float,
    short3: float,
    high2: float,
    top2: float,
    bottom2: float,
    body2: float,
    short2: float,
    high1: float,
    close1: float,
    top1: float,
    bottom1: float,
    body1: float,
    short1: float,
    white: bool,
    open: float,
    close: float,
    penetration: float,
) -> float:
    """A long white candle, three short ones that fall back a little from above it, and a white one to new highs."""
    bodies = (body4 > long4) & (body3 < short3) & (body2 < short2) & (body1 < short1) & white4 & black3 & white
    deepest = close4 - body4 * penetration
    fallen = (bottom3 > top4) & (bottom2 < close4) & (bottom1 < close4) & (bottom2 > deepest) & (bottom1 > deepest)
    falling = (top2 < open3) & (top1 < top2)
    risen = (open > close1) & (close > high3) & (close > high2) & (close > high1)
    return 100.0 if bodies & fallen & falling & risen else 0.0
