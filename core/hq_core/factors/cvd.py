"""Cumulative volume delta."""

from __future__ import annotations

from hq_core.book.flags import TRADE
from hq_core.factoring import factor
from hq_core.jit import F8, I1, State


@factor(
    title="Cumulative Volume Delta",
    inputs="kind side qty",
    outputs={"cvd": "base"},
    params={},
    state="sum",
    source="definition: what buyers took - what sellers took, since the beginning",
    oracle="tests/oracles/slow_factors.py",
)
def cvd(kind: I1, side: I1, qty: F8, s: State, out: F8) -> None:
    """What buyers have taken more than sellers since the first event; trades without a side do not count."""
    total = s.sum
    for i in range(len(kind)):
        if kind[i] == TRADE:
            total += side[i] * qty[i]
        out[i] = total
    s.sum = total
