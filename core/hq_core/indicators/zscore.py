"""Standard Score."""

from __future__ import annotations

import math

from hq_core.jit import F8, State, inline
from hq_core.kernels.window import fold_moments, spread
from hq_core.registry import Param, indicator


@inline
def score(apart: float, first: float, second: float, share: float, scale: float) -> float:
    """Distance from the mean in deviations; 0 where nothing differs.  apart, first, second: as in fold_moments, of the
    newest row and summed over the window"""
    square = spread(first, second, share) * scale
    found = apart - first * share
    return (found if square != 0.0 else 0.0 * found) / (math.sqrt(square) if square != 0.0 else 1.0)


@indicator(
    title="Standard Score",
    inputs="close",
    outputs={"zscore": "ratio: standard deviations"},
    params={
        "period": Param(20, 2, 100_000, "rows in the mean and in the deviation"),
        "ddof": Param(0, 0, 1, "0 divides by n (population), 1 by n - 1 (sample)"),
    },
    state="centre first second head:i8<period laps:i8",
    ring=lambda period, ddof: 2 * period,
    warmup=lambda period, ddof: period - 1,
    source="definition: distance from the mean over the standard deviation",
)
def zscore(close: F8, period: int, ddof: int, s: State, ring: F8, out: F8) -> None:
    """How many standard deviations of the last `period` rows the newest of them lies above their mean.

    close    (n,)  any unit, up to 1e150 in size; nan or infinite: the output is nan while the row is in the window,
                   `period` rows, and afterwards what it would have been without it
    s, ring        as in stddev
    out      (n,)  ratio, 0 for a constant window; nan for the first period - 1 rows
    """
    centre = s.centre
    first = s.first if s.laps > 0 else math.nan  # before the first full window every sum is nan
    second = s.second
    head = max(s.head, 0)  # it is never below 0; said here, indexing tests no signs
    last = period - 1
    share = 1.0 / period
    scale = 1.0 / (period - ddof)
    n = len(close)
    i = 0
    while i < n:
        stop = min(n, i + last - head)
        for j in range(i, stop):
            value = close[j]
            apart = value - centre
            first += apart
            second += apart * apart
            out[j] = score(apart, ring[2 * head + 2] + first, ring[2 * head + 3] + second, share, scale)
            ring[2 * head] = value
            head += 1
        i = stop
        if i < n:
            centre = close[i]
            ring[2 * last] = centre
            fold_moments(ring, period, centre)
            out[i] = score(0.0, ring[0], ring[1], share, scale)
            first = 0.0
            second = 0.0
            head = 0
            s.laps += 1
            i += 1
    s.centre = centre
    s.first = first
    s.second = second
    s.head = head
