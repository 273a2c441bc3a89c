"""Schaff Trend Cycle."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, State, kernel
from hq_core.registry import Param


@kernel(state="place mean seen:i8")
def cycle(line: F8, highest: F8, lowest: F8, factor: float, s: State, out: F8) -> None:
    """Where line is between its lowest and highest, in percent, smoothed by `factor` of the distance.

    A range of 0 leaves the place as it was, at first 0. A row that is not finite gives nan and is passed over.

    s  place: before smoothing; mean: smoothed; seen: 1 after the first row
    """
    place = s.place
    mean = s.mean
    seen = s.seen
    for i in range(len(line)):
        span = highest[i] - lowest[i]
        above = line[i] - lowest[i]
        out[i] = math.nan
        if (above - above) + (span - span) == 0.0:
            place = 100.0 * (above / span) if span > 0.0 else place
            mean = (place - mean) * factor + mean if seen > 0 else place
            seen = 1
            out[i] = mean
    s.place = place
    s.mean = mean
    s.seen = seen


@composite(
    title="Schaff Trend Cycle",
    inputs="close",
    outputs={"stc": "0..100"},
    params={
        "fast": Param(23, 1, 100_000, "rows in the fast average"),
        "slow": Param(50, 1, 100_000, "rows in the slow average"),
        "period": Param(10, 2, 100_000, "rows in the range of both stochastics"),
        "factor": Param(0.5, 0.001, 1.0, "share of the distance by which both are smoothed"),
    },
    source="Schaff 1999, as charting packages have it: the stochastic of the stochastic of MACD",
)
def stc(on: Nodes, close: Line, fast: int, slow: int, period: int, factor: float) -> Line:
    """Stochastic of the smoothed stochastic of fast less slow exponential average, smoothed once more.

    A row that is not finite gives nan, and so do the rows with it in a range.
    """
    line: Line = on.ema(close, fast) - on.ema(close, slow)
    for _ in range(2):
        line = on.apply(cycle, line, on.max(line, period), on.min(line, period), factor=factor)
    return line
