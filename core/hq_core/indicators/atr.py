"""Average True Range."""
from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.registry import Param


@composite(
    title="Average True Range",
    inputs="high low close",
    outputs={"atr": "unit of the input, >= 0"},
    params={"period": Param(14, 1, 100_000, "rows in Wilder's average")},
    source="Wilder 1978, New Concepts in Technical Trading Systems, ch. 3",
    talib="ATR",
)
def atr(on: Nodes, high: Line, low: Line, close: Line, period: int) -> Line:
    """Wilder's average of the true range.

    A row with a nan or infinite price gives nan and is passed over: the next true range reaches back to the last whole
    row's close. The first row has no true range, as TA-Lib.
    """
    found: Line = on.rma(on.trange(high, low, close), period)
    return found
