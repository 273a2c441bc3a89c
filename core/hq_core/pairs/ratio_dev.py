"""Deviation of the ratio of two prices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core.jit import F8, kernel
from hq_core.pairing import Pairing, pair
from hq_core.registry import Param

if TYPE_CHECKING:
    from hq_core.graph import GraphColumn


@kernel()
def deviation(a: F8, b: F8, ratio: float, out: F8) -> None:
    """(a / b - ratio) / ratio."""
    for i in range(len(a)):
        out[i] = (a[i] / b[i] - ratio) / ratio


@pair(
    title="Ratio Deviation",
    outputs={"ratio_dev": "-1.., of the ratio"},
    params={"ratio": Param(1.0, 1e-12, 1e12, "what a / b is expected to be")},
    source="definition: (a / b - ratio) / ratio",
    oracle="tests/oracles/slow_pairs.py",
)
def ratio_dev(on: Pairing, ratio: float) -> GraphColumn:
    """How far a / b is from what it is expected to be, as a share of that."""
    return on.apply(deviation, on.a, on.b, ratio=ratio)
