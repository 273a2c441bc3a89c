"""Three Inside Up/Down."""

from __future__ import annotations

from hq_core.candles import MORRIS, pattern


@pattern("Three Inside Up/Down", MORRIS)
def cdl3inside(
    colour2: float,
    open2: float,
    top2: float,
    bottom2: float,
    body2: float,
    long2: float,
    top1: float,
    bottom1: float,
    body1: float,
    short1: float,
    colour: float,
    close: float,
) -> float:
    """A long candle, a short one inside its body, and one of the other colour that closes beyond its open."""
    inside = (body2 > long2) & (body1 <= short1) & (top1 < top2) & (bottom1 > bottom2)
    turned = (colour == -colour2) & (colour * close > colour * open2)
    return 100.0 * colour if inside & turned else 0.0
