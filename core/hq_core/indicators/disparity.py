"""Disparity Index."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.registry import Param, matype


@kernel()
def percent_above(close: F8, mean: F8, out: F8) -> None:
    """(close - mean) in percent of mean; 0 where mean is 0."""
    for i in range(len(close)):
        apart = close[i] - mean[i]
        known = mean[i] != 0.0
        out[i] = 100.0 * ((apart if known else 0.0 * apart) / (mean[i] if known else 1.0))


@composite(
    title="Disparity Index",
    inputs="close",
    outputs={"disparity": "ratio in percent of the average"},
    params={"period": Param(14, 1, 100_000, "rows in the average"), "matype": matype("sma", "kind of the average")},
    source="Nison 1994, Beyond Candlesticks, ch. 5; the Chinese exchanges' BIAS",
)
def disparity(on: Nodes, close: Line, period: int, matype: str) -> Line:
    """How far close is above its average, in percent of the average."""
    found: Line = on.apply(percent_above, close, on.average(close, period, matype))
    return found
