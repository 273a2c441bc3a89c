"""Triangular Moving Average."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.registry import Param


@composite(
    title="Triangular Moving Average",
    inputs="close",
    outputs={"trima": "unit of the input"},
    params={"period": Param(30, 1, 100_000, "rows in the average; those in the middle weigh the most")},
    source="definition: the plain mean of a plain mean, both about half as long",
    talib="TRIMA",
)
def trima(on: Nodes, close: Line, period: int) -> Line:
    """Mean of the last `period` rows with weights that rise to the middle of the window and fall again."""
    half = period // 2 + 1
    return on.sma(on.sma(close, half), period + 1 - half)
