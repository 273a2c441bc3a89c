"""Bollinger Bands."""
from __future__ import annotations

import math

from hq_core.jit import F8, State
from hq_core.kernels.smooth import seeded_mean
from hq_core.kernels.window import fold_moments, spread
from hq_core.registry import Param, indicator


@indicator(
    title="Bollinger Bands",
    inputs="close",
    outputs={"upper": "unit of the input", "middle": "unit of the input", "lower": "unit of the input"},
    params={
        "period": Param(20, 2, 100_000, "rows in the mean and in the deviation"),
        "up": Param(2.0, 0.0, 1000.0, "deviations from the middle to the upper band"),
        "down": Param(2.0, 0.0, 1000.0, "deviations from the middle to the lower band"),
        "centre": Param("sma", choices=("sma", "ema"), help="average in the middle"),
    },
    state="pivot first second mean head:i8 laps:i8 seen:i8",
    ring=lambda period, up, down, centre: 2 * period,
    warmup=lambda period, up, down, centre: period - 1,
    source="Bollinger 2001, Bollinger on Bollinger Bands, ch. 7",
    talib="BBANDS",
)
def bbands(
    close: F8, period: int, up: float, down: float, centre: int,
    s: State, ring: F8, out_upper: F8, out_middle: F8, out_lower: F8,
) -> None:
    """A moving average, and bands `up` and `down` population standard deviations away from it.

    close   (n,)         any unit, up to 1e150 in size; nan or infinite: the bands are nan while the row is in
                         the window, `period` rows; the middle too with centre=sma; centre=ema passes over the
                         row, so its middle is nan at that row alone
    centre  0 or 1       the middle is the SMA or the EMA; the deviation is about the SMA in both, as TA-Lib
                         has it
    s       pivot, first, second, head, laps, ring: as in stddev, where pivot is centre; mean, seen: as in
            ema, in use with centre=ema
    out_*   (n,)         unit of close; nan for the first period - 1 rows
    """
    pivot = s.pivot
    first = s.first if s.laps > 0 else math.nan     # before the first full window every sum is nan
    second = s.second
    head = max(s.head, 0)         # it is never below 0; said here, indexing tests no signs: a fifth less time
    mean = s.mean
    seen = s.seen
    last = period - 1
    share = 1.0 / period
    weight = 2.0 / (period + 1)
    n = len(close)
    i = 0
    while i < n:
        stop = min(n, i + last - head)
        for j in range(i, stop):
            value = close[j]
            apart = value - pivot
            first += apart
            second += apart * apart
            total = ring[2 * head + 2] + first
            deviation = math.sqrt(spread(total, ring[2 * head + 3] + second, share) * share)
            middle = pivot + total * share
            if centre == 1:
                middle, mean, seen = seeded_mean(value, mean, seen, period, weight)
            out_upper[j] = middle + up * deviation
            out_middle[j] = middle
            out_lower[j] = middle - down * deviation
            ring[2 * head] = value
            head += 1
        i = stop
        if i < n:
            pivot = close[i]
            ring[2 * last] = pivot
            fold_moments(ring, period, pivot)
            deviation = math.sqrt(spread(ring[0], ring[1], share) * share)
            middle = pivot + ring[0] * share
            if centre == 1:
                middle, mean, seen = seeded_mean(pivot, mean, seen, period, weight)
            out_upper[i] = middle + up * deviation
            out_middle[i] = middle
            out_lower[i] = middle - down * deviation
            first = 0.0
            second = 0.0
            head = 0
            s.laps += 1
            i += 1
    s.pivot = pivot
    s.first = first
    s.second = second
    s.head = head
    s.mean = mean
    s.seen = seen
