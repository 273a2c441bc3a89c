"""Coppock Curve."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.registry import Param


@composite(
    title="Coppock Curve",
    inputs="close",
    outputs={"coppock": "ratio in percent"},
    params={
        "wma": Param(10, 1, 100_000, "rows in the weighted average"),
        "roc1": Param(11, 1, 100_000, "rows back of one rate of change"),
        "roc2": Param(14, 1, 100_000, "rows back of the other"),
    },
    source="Coppock 1962, Barron's, 15 October",
    talib="COPPOCK",
)
def coppock(on: Nodes, close: Line, wma: int, roc1: int, roc2: int) -> Line:
    """Weighted average of the sum of two rates of change; made for months, to find the ends of bear markets."""
    found: Line = on.wma(on.roc(close, roc1) + on.roc(close, roc2), wma)
    return found
