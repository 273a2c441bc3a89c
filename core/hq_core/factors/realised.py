"""Realised spread."""

from __future__ import annotations

from hq_core.factoring import factor
from hq_core.factors.markout import markout
from hq_core.jit import F8


@factor(
    title="Realised Spread",
    inputs="markout()",
    outputs={"realised": "price"},
    params=markout.params,
    few=markout.few,
    source="Huang and Stoll 1996, Dealer versus auction markets",
    oracle="tests/oracles/slow_factors.py",
)
def realised(moved: F8, horizon: int, out: F8) -> None:
    """Twice how far the price of the last trade whose horizon has passed lies from the mid after it: -2 * markout."""
    for i in range(len(moved)):
        out[i] = -2.0 * moved[i]
