"""Awesome Oscillator."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.registry import Param


@composite(
    title="Awesome Oscillator",
    inputs="high low",
    outputs={"ao": "unit of the input"},
    params={
        "fast": Param(5, 2, 100_000, "rows in the fast average"),
        "slow": Param(34, 2, 100_000, "rows in the slow average"),
    },
    source="Williams 1998, New Trading Dimensions, ch. 8",
    talib="AO",
)
def ao(on: Nodes, high: Line, low: Line, fast: int, slow: int) -> Line:
    """Fast less slow plain average of the bars' middles; the two are not exchanged if fast is the larger."""
    middle = on.medprice(high, low)
    found: Line = on.sma(middle, fast) - on.sma(middle, slow)
    return found
