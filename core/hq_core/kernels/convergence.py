"""The loop that MACD and its kin share."""
from __future__ import annotations

import math

from hq_core.jit import F8, State, inline
from hq_core.kernels.smooth import finite


@inline
def convergence(
    close: F8, short: int, long: int, signal: int, quick_weight: float, calm_weight: float,
    s: State, out_macd: F8, out_signal: F8, out_hist: F8,
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
    ready = long + signal - 1
    n = len(close)
    i = 0
    while i < n and seen < ready:
        value = close[i]
        out_macd[i] = math.nan
        out_signal[i] = math.nan
        out_hist[i] = math.nan
        if finite(value):
            seen += 1
            if seen <= long:
                calm += value
                if seen > long - short:
                    quick += value
                if seen == long:
                    calm /= long
                    quick /= short
            else:
                quick = (value - quick) * quick_weight + quick
                calm = (value - calm) * calm_weight + calm
            if seen >= long:
                line += quick - calm
            if seen == ready:
                line /= signal
                out_macd[i] = quick - calm
                out_signal[i] = line
                out_hist[i] = quick - calm - line
        i += 1
    while i < n:
        while i < n:
            value = close[i]
            if not finite(value):
                break
            quick = (value - quick) * quick_weight + quick
            calm = (value - calm) * calm_weight + calm
            apart = quick - calm
            line = (apart - line) * line_weight + line
            out_macd[i] = apart
            out_signal[i] = line
            out_hist[i] = apart - line
            i += 1
        if i < n:
            out_macd[i] = math.nan
            out_signal[i] = math.nan
            out_hist[i] = math.nan
            i += 1
    s.fast = quick
    s.slow = calm
    s.signal = line
    s.seen = seen
