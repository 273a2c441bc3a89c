"""Central moments of the last n rows, up to the fourth.

A power of a distance from anything but the mean would have to be corrected by the difference of large numbers. So the
moments of the two laps that a window reaches into are kept about their own means, row added to row (Terriberry 2007),
and put together as two sets are (Pebay 2008, Sandia report 2008-6212); nothing is ever taken off.
"""

from __future__ import annotations

import math

from hq_core.jit import F8, State, inline, kernel


@inline
def with_row(
    value: float, rows: float, mean: float, second: float, third: float, fourth: float
) -> tuple[float, float, float, float]:
    """Mean and sums of powers of the distances from it after one more value, which makes `rows`."""
    apart = value - mean
    step = apart / rows
    square = step * step
    grown = apart * step * (rows - 1.0)
    fourth += grown * square * ((rows - 3.0) * rows + 3.0) + 6.0 * square * second - 4.0 * step * third
    third += grown * step * (rows - 2.0) - 3.0 * step * second
    return mean + step, second + grown, third, fourth


@inline
def put_together(
    old: float,
    mean: float,
    second: float,
    third: float,
    fourth: float,
    new: float,
    mean_new: float,
    second_new: float,
    third_new: float,
    fourth_new: float,
) -> tuple[float, float, float]:
    """Second to fourth sums of `old` rows and `new` rows as one set."""
    rows = old + new
    apart = mean_new - mean
    share = old / rows
    rest = new / rows
    step = apart * apart * share * new
    fourth_both = fourth + fourth_new + step * (apart * apart) * (share * share - share * rest + rest * rest)
    fourth_both += 6.0 * (apart * apart) * (share * share * second_new + rest * rest * second)
    fourth_both += 4.0 * apart * (share * third_new - rest * third)
    third_both = third + third_new + step * apart * (share - rest) + 3.0 * apart * (share * second_new - rest * second)
    return second + second_new + step, third_both, fourth_both


@inline
def fold_shape(ring: F8, size: int, centre: float, scale: float) -> None:
    """Fold fours of slots: the value in the first becomes the mean of (value - centre) * scale from it to the last of
    them, the others the sums of the second to fourth powers of the distances from that mean."""
    mean = 0.0
    second = 0.0
    third = 0.0
    fourth = 0.0
    rows = 0.0
    for i in range(4 * size - 4, -1, -4):
        rows += 1.0
        value = (ring[i] - centre) * scale
        mean, second, third, fourth = with_row(value, rows, mean, second, third, fourth)
        ring[i] = mean
        ring[i + 1] = second
        ring[i + 2] = third
        ring[i + 3] = fourth


@inline
def unit_of(ring: F8, size: int, centre: float) -> float:
    """A power of two that brings the largest distance of the values from `centre`, or where that is 0 the centre, to
    between 2^-32 and 2^32, so that its fourth power is a number; a power of two, as it rounds nothing."""
    largest = 0.0
    for i in range(0, 4 * size, 4):
        apart = abs(ring[i] - centre)
        largest = apart if apart > largest else largest
    if largest == 0.0:
        largest = abs(centre)
    unit = 1.0
    if (largest > 0.0) & (largest < math.inf):
        while largest * unit > 4294967296.0:
            unit *= 5.421010862427522e-20  # 2^-64
        while largest * unit < 2.3283064365386963e-10:
            unit *= 18446744073709551616.0
    return unit


@kernel(state="centre scale mean second third fourth head:i8<period laps:i8")
def shape(close: F8, period: int, s: State, ring: F8, out_second: F8, out_third: F8, out_fourth: F8) -> None:
    """Sums of the second, third and fourth powers of the distances from the mean, over the last `period` rows; their
    unit is a power of two near the spread of the lap before, the same in all three.

    close  (n,)         any unit; nan or infinite: the output is nan while the row is in the window
    s      centre: last row of the last full lap; scale: 1 over that unit; mean, second, third, fourth: of the rows of
           this lap; head: how many these are; laps: full laps before it
    ring   (4 period,)  the same four of the rows to the end of the last lap; this lap's values overwrite the first
    """
    centre = s.centre
    scale = s.scale
    mean = s.mean if s.laps > 0 else math.nan  # before the first full window every sum is nan
    second = s.second
    third = s.third
    fourth = s.fourth
    head = max(s.head, 0)  # it is never below 0; said here, indexing tests no signs
    last = period - 1
    n = len(close)
    i = 0
    while i < n:
        stop = min(n, i + last - head)
        for j in range(i, stop):
            value = close[j]
            old = 4 * head + 4
            mean, second, third, fourth = with_row((value - centre) * scale, head + 1.0, mean, second, third, fourth)
            out_second[j], out_third[j], out_fourth[j] = put_together(
                float(last - head),
                ring[old],
                ring[old + 1],
                ring[old + 2],
                ring[old + 3],
                head + 1.0,
                mean,
                second,
                third,
                fourth,
            )
            ring[4 * head] = value
            head += 1
        i = stop
        if i < n:
            centre = close[i]
            ring[4 * last] = centre
            scale = unit_of(ring, period, centre)
            fold_shape(ring, period, centre, scale)
            out_second[i] = ring[1]
            out_third[i] = ring[2]
            out_fourth[i] = ring[3]
            mean = 0.0
            second = 0.0
            third = 0.0
            fourth = 0.0
            head = 0
            s.laps += 1
            i += 1
    s.centre = centre
    s.scale = scale
    s.mean = mean
    s.second = second
    s.third = third
    s.fourth = fourth
    s.head = head
