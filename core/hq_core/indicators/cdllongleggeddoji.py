"""Long-Legged Doji."""

from __future__ import annotations

from hq_core.candles import pattern


@pattern("Long-Legged Doji")
def cdllongleggeddoji(body: float, upper: float, lower: float, doji: float) -> float:
    """A doji with a shadow longer than its body."""
    return 100.0 if (body <= doji) & ((lower > body) | (upper > body)) else 0.0
