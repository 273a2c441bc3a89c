"""Absolute Price Oscillator."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.registry import Param, matype


@composite(
    title="Absolute Price Oscillator",
    inputs="close",
    outputs={"apo": "unit of the input"},
    params={
        "fast": Param(12, 2, 100_000, "rows in the fast average"),
        "slow": Param(26, 2, 100_000, "rows in the slow average"),
        "matype": matype("ema", "kind of both averages"),
    },
    source="Appel 2005, Technical Analysis: Power Tools for Active Investors, ch. 8",
    talib="APO",
)
def apo(on: Nodes, close: Line, fast: int, slow: int, matype: str) -> Line:
    """Fast average less slow average; the two are exchanged if fast is the larger, as TA-Lib."""
    return on.average(close, min(fast, slow), matype) - on.average(close, max(fast, slow), matype)
