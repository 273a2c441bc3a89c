"""Chaikin Accumulation/Distribution Oscillator."""
from __future__ import annotations

import math

from hq_core.jit import F8, State
from hq_core.kernels.smooth import finite
from hq_core.registry import Param, indicator


@indicator(
    title="Chaikin Accumulation/Distribution Oscillator",
    inputs="high low close volume",
    outputs={"adosc": "volume"},
    params={
        "fast": Param(3, 2, 100_000, "rows in the fast EMA"),
        "slow": Param(10, 2, 100_000, "rows in the slow EMA"),
    },
    state="total fast slow seen:i8",
    warmup=lambda fast, slow: max(fast, slow) - 1,
    source="Chaikin; Achelis 2000, Technical Analysis from A to Z, Chaikin Oscillator",
    talib="ADOSC",
)
def adosc(high: F8, low: F8, close: F8, volume: F8, fast: int, slow: int, s: State, out: F8) -> None:
    """Fast EMA less slow EMA of the accumulation/distribution line; not exchanged if fast is the larger.

    high, low, close  (n,)  price; a row with a nan or infinite input gives nan and is passed over
    volume  (n,)  base units
    s       total: the line; fast, slow: the averages; seen: whole rows, up to the first output
    out     (n,)  unit of volume; nan for the first max(fast, slow) - 1 rows

    Both averages are seeded by the line's first row, as TA-Lib, and not by a mean.
    """
    total = s.total
    quick = s.fast
    calm = s.slow
    seen = s.seen
    quick_weight = 2.0 / (fast + 1)
    calm_weight = 2.0 / (slow + 1)
    quick_keep = 1.0 - quick_weight
    calm_keep = 1.0 - calm_weight
    ready = max(fast, slow)
    n = len(close)
    i = 0
    while i < n:
        span = high[i] - low[i]
        if finite(span + close[i] - volume[i]):
            if span > 0.0:
                total += (((close[i] - low[i]) - (high[i] - close[i])) / span) * volume[i]
            if seen == 0:
                quick = total
                calm = total
            else:
                quick = quick_weight * total + quick_keep * quick
                calm = calm_weight * total + calm_keep * calm
            seen = min(seen + 1, ready)
            out[i] = quick - calm if seen == ready else math.nan
        else:
            out[i] = math.nan
        i += 1
    s.total = total
    s.fast = quick
    s.slow = calm
    s.seen = seen
