"""Sums over the last n rows, without a subtraction and so without the rounding of what has left the window.

A ring of n slots holds one lap of rows. When a lap is full it is folded: each slot becomes the sum from that
row to the lap's end. A window that reaches into two laps is then one folded slot of the old lap plus the
running sum of the new one, which overwrites the slots that are no longer needed. So a row costs two
additions, a lap one more pass over the ring, and whatever leaves the window, a 1e17 tick or a nan, leaves
nothing behind. The running sum that subtracts the oldest row keeps 16 / n of such a tick for ever, and a nan
for ever.
"""

from __future__ import annotations

import math

from hq_core.jit import F8, State, inline


@inline
def fold(ring: F8, size: int) -> None:
    """Replace each of the first `size` values by the sum from it to the last of them.

    Four at a time, so that the four additions that make a step wait for one sum and not for each other.
    """
    total = 0.0
    i = size - 1
    while i >= 3:
        last = ring[i]
        two = ring[i - 1] + last
        four = (ring[i - 3] + ring[i - 2]) + two
        three = ring[i - 2] + two
        ring[i] = total + last
        ring[i - 1] = total + two
        ring[i - 2] = total + three
        total += four
        ring[i - 3] = total
        i -= 4
    while i >= 0:
        total += ring[i]
        ring[i] = total
        i -= 1


@inline
def fold_moments(ring: F8, size: int, centre: float) -> None:
    """Fold pairs of slots: the value in the first of each becomes the sums of (value - centre) and of its
    square.

    With a centre that is itself a row of the window, `spread` of the window loses at most a factor `size` of
    precision, whatever the values are: the centre's own distance from the mean is part of the variance.
    """
    first = 0.0
    second = 0.0
    for i in range(2 * size - 2, -1, -2):
        apart = ring[i] - centre
        first += apart
        second += apart * apart
        ring[i] = first
        ring[i + 1] = second


@inline
def spread(first: float, second: float, share: float) -> float:
    """Sum of squared distances from the mean: sums of (x - centre) and of its square, share = 1 / rows; nan
    stays."""
    squares = second - first * (first * share)  # below 0 only where squares underflow, near 1e-160
    return 0.0 if squares < 0.0 else squares


@inline
def fold_pairs(ring: F8, size: int) -> None:
    """Fold two series that share the ring, the first in the even slots, the second in the odd ones."""
    first = 0.0
    second = 0.0
    for i in range(2 * size - 2, -1, -2):
        first += ring[i]
        second += ring[i + 1]
        ring[i] = first
        ring[i + 1] = second


@inline
def fold_threes(ring: F8, size: int) -> None:
    """Fold three series that share the ring, row by row."""
    first = 0.0
    second = 0.0
    third = 0.0
    for i in range(3 * size - 3, -1, -3):
        first += ring[i]
        second += ring[i + 1]
        third += ring[i + 2]
        ring[i] = first
        ring[i + 1] = second
        ring[i + 2] = third


@inline
def fold_weighted(ring: F8, size: int, centre: float) -> None:
    """Fold pairs of slots: the value in the first of each, less `centre`, becomes the sum from it to the lap's end,
    the second slot the same sum with the weights 1, 2, 3 ... from it on."""
    plain = 0.0
    weighted = 0.0
    for i in range(2 * size - 2, -1, -2):
        plain += ring[i] - centre
        weighted += plain
        ring[i] = plain
        ring[i + 1] = weighted


@inline
def fold_common(ring: F8, size: int, centre_x: float, centre_y: float) -> None:
    """Fold fives of slots: the two values in the first ones become the sums of x and y, their distances from the
    centres, and of xx, xy and yy."""
    x = 0.0
    y = 0.0
    xx = 0.0
    xy = 0.0
    yy = 0.0
    for i in range(5 * size - 5, -1, -5):
        left = ring[i] - centre_x
        right = ring[i + 1] - centre_y
        x += left
        y += right
        xx += left * left
        xy += left * right
        yy += right * right
        ring[i] = x
        ring[i + 1] = y
        ring[i + 2] = xx
        ring[i + 3] = xy
        ring[i + 4] = yy


@inline
def scatter(close: F8, period: int, scale: float, rooted: bool, s: State, ring: F8, out: F8) -> None:
    """Write the squared distances of the last `period` rows from their mean, summed up and times `scale`, or the root
    of that; state and ring as indicators/stddev.py says."""
    centre = s.centre
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
            apart = value - centre
            first += apart
            second += apart * apart
            square = spread(ring[2 * head + 2] + first, ring[2 * head + 3] + second, share) * scale
            out[j] = math.sqrt(square) if rooted else square
            ring[2 * head] = value
            head += 1
        i = stop
        if i < n:
            centre = close[i]
            ring[2 * last] = centre
            fold_moments(ring, period, centre)
            square = spread(ring[0], ring[1], share) * scale
            out[i] = math.sqrt(square) if rooted else square
            first = 0.0
            second = 0.0
            head = 0
            s.laps += 1
            i += 1
    s.centre = centre
    s.first = first
    s.second = second
    s.head = head
