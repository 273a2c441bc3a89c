"""Three Outside Up/Down."""

from __future__ import annotations

from hq_core.candles import MORRIS, pattern


@pattern("Three Outside Up/Down", MORRIS, lookback=3)
def cdl3outside(
    colour2: float, open2: float, close2: float, colour1: float, open1: float, close1: float, close: float
) -> float:
    """A candle, one of the other colour whose body covers the first's, and a close further on."""
    engulfed = (colour1 == -colour2) & (colour1 * close1 > colour1 * open2) & (colour1 * open1 < colour1 * close2)
    return 100.0 * colour1 if engulfed & (colour1 * close > colour1 * close1) else 0.0
