"""Engulfing Pattern."""

from __future__ import annotations

from hq_core.candles import pattern


@pattern("Engulfing Pattern", lookback=2)
def cdlengulfing(colour1: float, open1: float, close1: float, colour: float, open: float, close: float) -> float:
    """A body that covers the one before it, of the other colour; 80 where they share an end, else 100."""
    wider = (colour * close >= colour * open1) & (colour * open < colour * close1)
    wider = wider | ((colour * close > colour * open1) & (colour * open <= colour * close1))
    size = 100.0 if (open != close1) & (close != open1) else 80.0
    return size * colour if (colour == -colour1) & wider else 0.0
