"""Abandoned Baby."""

from __future__ import annotations

from hq_core.candles import pattern


@pattern("Abandoned Baby", penetration=0.3)
def cdlabandonedbaby(
    colour2: float,
    high2: float,
    low2: float,
    close2: float,
    body2: float,
    long2: float,
    high1: float,
    low1: float,
    body1: float,
    doji1: float,
    colour: float,
    high: float,
    low: float,
    close: float,
    body: float,
    short: float,
    penetration: float,
) -> float:
    """A long candle, a doji beyond a gap, and a candle of the other colour back over the gap, deep into the first."""
    bodies = (body2 > long2) & (body1 <= doji1) & (body > short)
    turned = (colour == -colour2) & (colour2 * close < colour2 * close2 - body2 * penetration)
    above = (colour2 > 0.0) & (low1 > high2) & (high < low1)
    below = (colour2 < 0.0) & (high1 < low2) & (low > high1)
    return 100.0 * colour if bodies & turned & (above | below) else 0.0
