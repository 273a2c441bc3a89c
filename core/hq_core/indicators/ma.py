"""Moving Average of a chosen kind."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.registry import Param, matype


@composite(
    title="Moving Average of a Chosen Kind",
    inputs="close",
    outputs={"ma": "unit of the input"},
    params={
        "period": Param(30, 1, 100_000, "rows in the average; mama has no use for it"),
        "matype": matype("sma", "kind of the average"),
    },
    source="definition: the indicator that matype names",
    talib="MA",
)
def ma(on: Nodes, close: Line, period: int, matype: str) -> Line:
    """The indicator `matype` of `period` rows."""
    return on.average(close, period, matype)
