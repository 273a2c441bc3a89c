"""Chaikin Accumulation/Distribution Oscillator."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, State, kernel
from hq_core.kernels.smooth import finite
from hq_core.registry import Param


@kernel(state="quick calm seen:i8")
def between(line: F8, fast: int, slow: int, s: State, out: F8) -> None:
    """EMA(fast) less EMA(slow), both seeded by the first finite row.  s.seen: finite rows, up to the first output."""
    quick = s.quick
    calm = s.calm
    seen = s.seen
    quick_weight = 2.0 / (fast + 1)
    calm_weight = 2.0 / (slow + 1)
    quick_keep = 1.0 - quick_weight
    calm_keep = 1.0 - calm_weight
    ready = max(fast, slow)
    for i in range(len(line)):
        value = line[i]
        known = finite(value)
        if known:
            if seen > 0:
                quick = quick_weight * value + quick_keep * quick
                calm = calm_weight * value + calm_keep * calm
            else:
                quick = value
                calm = value
            seen = min(seen + 1, ready)
            known = seen == ready
        out[i] = quick - calm if known else math.nan
    s.quick = quick
    s.calm = calm
    s.seen = seen


@composite(
    title="Chaikin Accumulation/Distribution Oscillator",
    inputs="high low close volume",
    outputs={"adosc": "volume"},
    params={
        "fast": Param(3, 2, 100_000, "rows in the fast EMA"),
        "slow": Param(10, 2, 100_000, "rows in the slow EMA"),
    },
    source="Chaikin; Achelis 2000, Technical Analysis from A to Z, Chaikin Oscillator",
    talib="ADOSC",
)
def adosc(on: Nodes, high: Line, low: Line, close: Line, volume: Line, fast: int, slow: int) -> Line:
    """Fast EMA less slow EMA of the accumulation/distribution line; not exchanged if fast is the larger.

    Both are seeded by the line's first row, as TA-Lib, and not by a mean.
    """
    line = on.ad(high, low, close, volume)
    return on.skip(on.apply(between, line, warmup=max(fast, slow) - 1, fast=fast, slow=slow), on.unstable("ema"))
