"""Accelerator Oscillator."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.registry import Param


@composite(
    title="Accelerator Oscillator",
    inputs="high low",
    outputs={"ac": "unit of the input"},
    params={
        "fast": Param(5, 2, 100_000, "rows in the fast average"),
        "slow": Param(34, 2, 100_000, "rows in the slow average"),
        "signal": Param(5, 2, 100_000, "rows in the average of the awesome oscillator"),
    },
    source="Williams 1998, New Trading Dimensions, ch. 9",
    talib="AC",
)
def ac(on: Nodes, high: Line, low: Line, fast: int, slow: int, signal: int) -> Line:
    """The awesome oscillator less its own plain average: how its momentum changes."""
    momentum = on.ao(high, low, fast, slow)
    found: Line = momentum - on.sma(momentum, signal)
    return found
