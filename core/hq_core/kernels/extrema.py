"""The highest of the last n rows, and where it is, at the same cost whatever the rows are.

As with the sums of window.py, a ring holds one lap of rows and is folded when the lap is full: each slot becomes
the highest from that row to the lap's end. A window that reaches into two laps is then one folded slot or the
highest of the new lap, whichever is higher: two comparisons a row and one more when its lap is folded, and no branch
that depends on the values. Searching the window again whenever the highest has left it costs n a row where prices fall.

A row that is nan or infinite counts as infinitely high, so that it hides all others until it has left; what is
infinitely high comes out as nan.  The lowest is the highest of the negated rows.
"""

from __future__ import annotations

import math

from hq_core.jit import F8, State, inline, kernel
from hq_core.kernels.lag import over


@inline
def height(value: float, sign: float) -> float:
    """sign * value; inf for what is not finite."""
    return sign * value if value - value == 0.0 else math.inf


@inline
def fold_highest(ring: F8, size: int) -> None:
    """Replace each of the first `size` values by the highest from it to the last of them.

    Two rows a step: each waits for the step before it in one comparison, not in two.
    """
    top = -math.inf
    i = size - 1
    while i > 0:
        value = ring[i]
        before = ring[i - 1]
        pair = before if before > value else value
        ring[i] = value if value > top else top
        top = pair if pair > top else top
        ring[i - 1] = top
        i -= 2
    if i == 0:
        ring[0] = ring[0] if ring[0] > top else top


@inline
def highest(close: F8, sign: float, period: int, s: State, ring: F8, out: F8) -> None:
    """Write the highest (sign 1) or the lowest (-1) of the last `period` rows.

    s     top: the highest of this lap; head: rows in this lap; laps: full laps before it
    ring  (period,)  the highest from each row to the end of the last lap; this lap's heights overwrite them
    """
    top = s.top if s.laps > 0 else math.inf  # before the first full window nothing is known
    head = max(s.head, 0)  # it is never below 0; said here, indexing tests no signs
    last = period - 1
    n = len(close)
    i = 0
    while i < n:
        stop = min(n, i + last - head)
        for j in range(i, stop):
            value = height(close[j], sign)
            top = value if value > top else top
            before = ring[head + 1]
            found = top if top > before else before
            out[j] = sign * found if found < math.inf else math.nan
            ring[head] = value
            head += 1
        i = stop
        if i < n:
            ring[last] = height(close[i], sign)
            fold_highest(ring, period)
            out[i] = sign * ring[0] if ring[0] < math.inf else math.nan
            top = -math.inf
            head = 0
            s.laps += 1
            i += 1
    s.top = top
    s.head = head


@kernel(state="top bottom head:i8<period laps:i8")
def extremes(high: F8, low: F8, period: int, s: State, ring: F8, out_top: F8, out_bottom: F8) -> None:
    """The highest high and the lowest low of the last `period` rows; nan in both while a row with a nan or infinite
    input is in the window.

    s     top, bottom: the highest of this lap, high and negated low; head: rows in this lap; laps: full laps before it
    ring  (2 period,)  the highest from each row to the end of the last lap, of high and of negated low; this
          lap's heights overwrite them
    """
    top = s.top if s.laps > 0 else math.inf  # before the first full window nothing is known
    bottom = s.bottom
    head = max(s.head, 0)  # it is never below 0; said here, indexing tests no signs
    last = period - 1
    n = len(high)
    i = 0
    while i < n:
        stop = min(n, i + last - head)
        for j in range(i, stop):
            up = height(high[j], 1.0)
            down = height(low[j], -1.0)
            top = up if up > top else top
            bottom = down if down > bottom else bottom
            before = ring[2 * head + 2]
            under = ring[2 * head + 3]
            above = top if top > before else before
            below = bottom if bottom > under else under
            known = (above < math.inf) & (below < math.inf)
            out_top[j] = above if known else math.nan
            out_bottom[j] = -below if known else math.nan
            ring[2 * head] = up
            ring[2 * head + 1] = down
            head += 1
        i = stop
        if i < n:
            ring[2 * last] = height(high[i], 1.0)
            ring[2 * last + 1] = height(low[i], -1.0)
            fold_both(ring, period)
            known = (ring[0] < math.inf) & (ring[1] < math.inf)
            out_top[i] = ring[0] if known else math.nan
            out_bottom[i] = -ring[1] if known else math.nan
            top = -math.inf
            bottom = -math.inf
            head = 0
            s.laps += 1
            i += 1
    s.top = top
    s.bottom = bottom
    s.head = head


@kernel()
def midway(upper: F8, lower: F8, out: F8) -> None:
    """The mean of the two."""
    for i in range(len(upper)):
        out[i] = (upper[i] + lower[i]) * 0.5


@inline
def fold_both(ring: F8, size: int) -> None:
    """Fold two series of heights that share the ring, the first in the even slots, the second in the odd ones."""
    top = -math.inf
    bottom = -math.inf
    for i in range(2 * size - 2, -1, -2):
        up = ring[i]
        down = ring[i + 1]
        top = up if up > top else top
        bottom = down if down > bottom else bottom
        ring[i] = top
        ring[i + 1] = bottom


@inline
def fold_places(ring: F8, size: int, first: float) -> None:
    """Fold pairs of slots: a height in the first of each becomes the highest from it to the last of them, the second
    its row number; the first of the lap is row `first`; of equals the earliest counts."""
    top = -math.inf
    place = first
    for i in range(size - 1, -1, -1):
        value = ring[2 * i]
        place = first + i if value >= top else place
        top = value if value >= top else top
        ring[2 * i] = top
        ring[2 * i + 1] = place


@inline
def settled(at: float, row: float, oldest: float, value: float, top: float, place: float) -> float:
    """The row that TA-Lib names as the highest: of equals the newest as long as the one it named before has not left
    the window, otherwise the earliest.

    at      the row it named before, -1 if none
    oldest  the oldest row of the window; value: the newest row's; top: the highest, place: its earliest row
    """
    kept = row if value >= top else at
    found = place if at < oldest else kept
    return found if top < math.inf else -1.0


@inline
def where_highest(close: F8, sign: float, period: int, s: State, ring: F8, out: F8) -> None:
    """Write the number of the row, from 0, that holds the highest (sign 1) or the lowest (-1) of the last `period`.

    s     top, place: the highest of this lap and its row; at: the last row written, -1 where it was nan; row: rows so
          far; head: rows in this lap; laps: full laps before it
    ring  (2 period,)  the highest from each row to the end of the last lap, and its row; this lap's heights
          overwrite the first of each pair
    """
    top = s.top if s.laps > 0 else math.inf  # before the first full window nothing is known
    at = s.at if s.laps > 0 else -1.0
    place = s.place
    row = s.row
    head = max(s.head, 0)  # it is never below 0; said here, indexing tests no signs
    last = period - 1
    n = len(close)
    i = 0
    while i < n:
        stop = min(n, i + last - head)
        for j in range(i, stop):
            value = height(close[j], sign)
            place = row if value > top else place
            top = value if value > top else top
            before = ring[2 * head + 2]
            here = top > before
            found = top if here else before
            at = settled(at, row, row - last, value, found, place if here else ring[2 * head + 3])
            out[j] = at if at >= 0.0 else math.nan
            ring[2 * head] = value
            row += 1.0
            head += 1
        i = stop
        if i < n:
            value = height(close[i], sign)
            ring[2 * last] = value
            fold_places(ring, period, row - last)
            at = settled(at, row, row - last, value, ring[0], ring[1])
            out[i] = at if at >= 0.0 else math.nan
            top = -math.inf
            row += 1.0
            head = 0
            s.laps += 1
            i += 1
    s.top = top
    s.place = place
    s.at = at
    s.row = row
    s.head = head


@inline
def range_of(highest: float, lowest: float) -> float:
    """highest - lowest; 0 where it is no more than rounding, 1e-14 of the two, as TA-Lib."""
    span = highest - lowest
    return 0.0 if abs(span) <= 1e-14 * (abs(highest) + abs(lowest)) else span


@kernel()
def stochastic(highest: F8, lowest: F8, close: F8, out: F8) -> None:
    """Where close is in the range, in percent of it from the lowest; 0 without a range."""
    for i in range(len(close)):
        out[i] = 100.0 * over(close[i] - lowest[i], range_of(highest[i], lowest[i]), 0.0)
