"""Logarithmic Return."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.kernels.volatility import growth
from hq_core.registry import Param


@composite(
    title="Logarithmic Return",
    inputs="close",
    outputs={"log_return": "ratio"},
    params={"period": Param(1, 1, 100_000, "rows back")},
    source="definition: logarithm of the ratio to the value n rows before",
)
def log_return(on: Nodes, close: Line, period: int) -> Line:
    """ln of close over close `period` rows before; nan where one of the two is not positive."""
    found: Line = on.apply(growth, close, on.lag(close, period))
    return found
