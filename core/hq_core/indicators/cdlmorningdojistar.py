"""Morning Doji Star."""

from __future__ import annotations

from hq_core.candles import pattern


@pattern("Morning Doji Star", penetration=0.3)
def cdlmorningdojistar(
    black2: bool,
    close2: float,
    bottom2: float,
    body2: float,
    long2: float,
    top1: float,
    body1: float,
    doji1: float,
    white: bool,
    close: float,
    body: float,
    short: float,
    penetration: float,
) -> float:
    """A long black candle, a doji below it, and a white candle deep into the first."""
    star = black2 & (body2 > long2) & (body1 <= doji1) & (top1 < bottom2)
    return 100.0 if star & white & (body > short) & (close > close2 + body2 * penetration) else 0.0
