"""Rows of the Moving Minimum and Maximum."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.registry import Param


@composite(
    title="Rows of the Moving Minimum and Maximum",
    inputs="close",
    outputs={"minidx": "ratio: a row number, 0 is the first", "maxidx": "ratio: a row number, 0 is the first"},
    params={"period": Param(30, 2, 100_000, "rows in the window")},
    source="definition: where the smallest and the largest of the last n values are",
    talib="MINMAXINDEX",
)
def minmaxindex(on: Nodes, close: Line, period: int) -> tuple[Line, ...]:
    """The numbers of the rows that hold the lowest and the highest of the last `period` rows; ties as in maxindex."""
    return on.minindex(close, period), on.maxindex(close, period)
