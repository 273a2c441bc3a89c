"""Modified Hikkake Pattern."""

from __future__ import annotations

from hq_core.candles import CHESLER, pattern


@pattern("Modified Hikkake Pattern", CHESLER, span="-200..200", confirmed=True)
def cdlhikkakemod(
    high3: float,
    low3: float,
    high2: float,
    low2: float,
    close2: float,
    near2: float,
    high1: float,
    low1: float,
    high: float,
    low: float,
) -> float:
    """A hikkake whose inside bar has another inside bar before it, with its close near the end that is left."""
    inside = (high2 < high3) & (low2 > low3) & (high1 < high2) & (low1 > low2)
    down = (high < high1) & (low < low1) & (close2 <= low2 + near2)
    up = (high > high1) & (low > low1) & (close2 >= high2 - near2)
    return (100.0 if down else -100.0) if inside & (down | up) else 0.0
