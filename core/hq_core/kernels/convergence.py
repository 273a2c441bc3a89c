"""The loop that MACD and its kin share."""

from __future__ import annotations

import math

from hq_core.jit import F8, State, inline
from hq_core.kernels.smooth import finite


@inline
def convergence(
    close: F8,
    short: int,
    long: int,
    signal: int,
    quick_weight: float,
    calm_weight: float,
    s: State,
    out_macd: F8,
    out_signal: F8,
    out_hist: F8,
) -> None:
    """Two exponential averages' distance, its average and the distance of those; rows and s as in indicators/macd.py.

    short, long                rows in the two averages' seeds, which end on one row; short <= long
    quick_weight, calm_weight  the newest row's weights in them
    """
    quick = s.fast
    calm = s.slow
    line = s.signal
    seen = s.seen
    line_weight = 2.0 / (signal + 1)
    late = long - short  # rows that the quick average leaves out
    ready = long + signal - 1
    for i in range(len(close)):
        value = close[i]
        known = finite(value)
        if known:
            row = seen + 1  # of the finite ones; ready + 1 stands for all after it
            if row > long:
                quick = (value - quick) * quick_weight + quick
                calm = (value - calm) * calm_weight + calm
            else:
                quick += value if row > late else 0.0
                calm += value
                if row == long:
                    quick /= short
                    calm /= long
            if row > ready:
                line = (quick - calm - line) * line_weight + line
            else:
                line += quick - calm if row >= long else 0.0
                if row == ready:
                    line /= signal
                seen = row
                known = row == ready
        apart = quick - calm
        out_macd[i] = apart if known else math.nan
        out_signal[i] = line if known else math.nan
        out_hist[i] = apart - line if known else math.nan
    s.fast = quick
    s.slow = calm
    s.signal = line
    s.seen = seen
