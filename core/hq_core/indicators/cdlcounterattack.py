"""Counterattack."""

from __future__ import annotations

from hq_core.candles import pattern


@pattern("Counterattack")
def cdlcounterattack(
    colour1: float,
    close1: float,
    body1: float,
    long1: float,
    equal1: float,
    colour: float,
    close: float,
    body: float,
    long: float,
) -> float:
    """Two long candles of different colours with equal closes."""
    bodies = (colour1 == -colour) & (body1 > long1) & (body > long)
    return 100.0 * colour if bodies & (close <= close1 + equal1) & (close >= close1 - equal1) else 0.0
