"""Up/Down-gap Side-by-Side White Lines."""

from __future__ import annotations

from hq_core.candles import pattern


@pattern("Up/Down-gap Side-by-Side White Lines", lookback=7)
def cdlgapsidesidewhite(
    top2: float,
    bottom2: float,
    white1: bool,
    open1: float,
    top1: float,
    bottom1: float,
    body1: float,
    near1: float,
    equal1: float,
    white: bool,
    open: float,
    top: float,
    bottom: float,
    body: float,
) -> float:
    """Two white candles with equal opens and bodies, both beyond a gap."""
    above = (bottom1 > top2) & (bottom > top2)
    below = (top1 < bottom2) & (top < bottom2)
    alike = white1 & white & (body >= body1 - near1) & (body <= body1 + near1)
    alike = alike & (open >= open1 - equal1) & (open <= open1 + equal1)
    return (100.0 if above else -100.0) if alike & (above | below) else 0.0
