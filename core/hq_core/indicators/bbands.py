"""Bollinger Bands."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, State, kernel
from hq_core.kernels.bands import around
from hq_core.kernels.window import fold_moments, spread
from hq_core.registry import Param, matype


@kernel(state="pivot first second head:i8<period laps:i8")
def about_mean(
    close: F8, period: int, up: float, down: float, s: State, ring: F8, out_upper: F8, out_middle: F8, out_lower: F8
) -> None:
    """The bands about the plain mean; state and ring as in stddev, where pivot is centre."""
    pivot = s.pivot
    first = s.first if s.laps > 0 else math.nan  # before the first full window every sum is nan
    second = s.second
    head = max(s.head, 0)  # it is never below 0; said here, indexing tests no signs: a fifth less time
    last = period - 1
    share = 1.0 / period
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


@composite(
    title="Bollinger Bands",
    inputs="close",
    outputs={"upper": "unit of the input", "middle": "unit of the input", "lower": "unit of the input"},
    params={
        "period": Param(20, 2, 100_000, "rows in the average and in the deviation"),
        "up": Param(2.0, 0.0, 1000.0, "deviations from the middle to the upper band"),
        "down": Param(2.0, 0.0, 1000.0, "deviations from the middle to the lower band"),
        "matype": matype("sma", "kind of the average in the middle"),
    },
    source="Bollinger 2001, Bollinger on Bollinger Bands, ch. 7",
    talib="BBANDS",
)
def bbands(on: Nodes, close: Line, period: int, up: float, down: float, matype: str) -> tuple[Line, ...]:
    """A moving average, and bands `up` and `down` population standard deviations away from it.

    The deviation is about the plain mean whatever the middle is, as TA-Lib has it. A row that is not finite makes
    all three nan while it is in the window of the deviation, `period` rows.
    """
    if matype == "sma":
        return on.apply(
            about_mean, close, outputs=3, ring=2 * period, warmup=period - 1, period=period, up=up, down=down
        )
    middle = on.average(close, period, matype)
    return on.apply(around, middle, on.stddev(close, period), outputs=3, up=up, down=down)
