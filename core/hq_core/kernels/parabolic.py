"""The loop that both parabolic stops share."""

from __future__ import annotations

import math

from hq_core.jit import F8, State, inline
from hq_core.kernels.smooth import finite


@inline
def parabolic(
    high: F8,
    low: F8,
    start: float,
    offset: float,
    first_long: float,
    step_long: float,
    most_long: float,
    first_short: float,
    step_short: float,
    most_short: float,
    marked: bool,
    s: State,
    out: F8,
) -> None:
    """Write Wilder's parabolic stop.

    start   the first row's stop, of a long position; below 0, of a short one at its size; 0: by the first two
            rows, short if the low has fallen further than the high has risen, from the other row's extreme
    offset  share of the stop that it is moved away at a turn
    first, step, most  acceleration after a turn, its growth at each new extreme, its largest value
    marked  whether the stop of a short position is written as its negative
    s       stop; best: the extreme of the position; pace: the acceleration; high, low: the last whole row;
            short: 1 if the position is; seen: whole rows, up to 2
    """
    first_long = min(first_long, most_long)
    step_long = min(step_long, most_long)
    first_short = min(first_short, most_short)
    step_short = min(step_short, most_short)
    stop = s.stop
    best = s.best
    pace = s.pace
    high_before = s.high
    low_before = s.low
    short = s.short > 0.0
    seen = s.seen
    for i in range(len(high)):
        top = high[i]
        bottom = low[i]
        out[i] = math.nan
        if not finite(top - bottom):
            continue
        if seen == 1:
            fall = low_before - bottom
            short = (fall > 0.0) & (fall > top - high_before) if start == 0.0 else start < 0.0
            best = bottom if short else top
            stop = (high_before if short else low_before) if start == 0.0 else abs(start)
            pace = first_short if short else first_long
            high_before = top  # the first stop is held against this row alone
            low_before = bottom
        if seen > 0:
            if short:
                turns = top >= stop
                if turns:
                    short = False
                    stop = min(best, low_before, bottom)
                    stop -= stop * offset
                    out[i] = stop
                    pace = first_long
                    best = top
                else:
                    out[i] = -stop if marked else stop
                    if bottom < best:
                        best = bottom
                        pace = min(pace + step_short, most_short)
            else:
                turns = bottom <= stop
                if turns:
                    short = True
                    stop = max(best, high_before, top)
                    stop += stop * offset
                    out[i] = -stop if marked else stop
                    pace = first_short
                    best = bottom
                else:
                    out[i] = stop
                    if top > best:
                        best = top
                        pace = min(pace + step_long, most_long)
            stop += pace * (best - stop)
            stop = max(stop, high_before, top) if short else min(stop, low_before, bottom)
        high_before = top
        low_before = bottom
        seen = min(seen + 1, 2)
    s.stop = stop
    s.best = best
    s.pace = pace
    s.high = high_before
    s.low = low_before
    s.short = 1.0 if short else 0.0
    s.seen = seen
