"""Rising/Falling Three Methods."""

from __future__ import annotations

from hq_core.candles import pattern


@pattern("Rising/Falling Three Methods")
def cdlrisefall3methods(
    colour4: float,
    high4: float,
    low4: float,
    close4: float,
    body4: float,
    long4: float,
    colour3: float,
    close3: float,
    top3: float,
    bottom3: float,
    body3: float,
    short3: float,
    colour2: float,
    close2: float,
    top2: float,
    bottom2: float,
    body2: float,
    short2: float,
    colour1: float,
    close1: float,
    top1: float,
    bottom1: float,
    body1: float,
    short1: float,
    colour: float,
    open: float,
    close: float,
    body: float,
    long: float,
) -> float:
    """A long candle, three short ones of the other colour back within its range, and a long one further on."""
    bodies = (body4 > long4) & (body3 < short3) & (body2 < short2) & (body1 < short1) & (body > long)
    colours = (colour4 == -colour3) & (colour3 == colour2) & (colour2 == colour1) & (colour1 == -colour)
    within = (bottom3 < high4) & (top3 > low4) & (bottom2 < high4) & (top2 > low4) & (bottom1 < high4) & (top1 > low4)
    back = (colour4 * close2 < colour4 * close3) & (colour4 * close1 < colour4 * close2)
    onward = (colour4 * open > colour4 * close1) & (colour4 * close > colour4 * close4)
    return 100.0 * colour4 if bodies & colours & within & back & onward else 0.0
