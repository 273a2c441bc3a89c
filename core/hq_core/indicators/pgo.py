"""Pretty Good Oscillator."""

from __future__ import annotations

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, kernel
from hq_core.registry import Param


@kernel()
def ranges(close: F8, mean: F8, span: F8, out: F8) -> None:
    """(close - mean) / span; 0 where span is 0."""
    for i in range(len(close)):
        apart = close[i] - mean[i]
        known = span[i] != 0.0
        out[i] = (apart if known else 0.0 * apart) / (span[i] if known else 1.0)


@composite(
    title="Pretty Good Oscillator",
    inputs="high low close",
    outputs={"pgo": "ratio: average true ranges"},
    params={"period": Param(14, 1, 100_000, "rows in both averages")},
    source="Johnson's oscillator, as charting packages have it: (close - SMA) / EMA of the true range",
)
def pgo(on: Nodes, high: Line, low: Line, close: Line, period: int) -> Line:
    """Close less its plain average, in exponential averages of the true range."""
    found: Line = on.apply(ranges, close, on.sma(close, period), on.ema(on.trange(high, low, close), period))
    return found
