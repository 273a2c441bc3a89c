"""The highest of the last n rows, and where it is, at the same cost whatever the rows are.

As with the sums of window.py, a ring holds one lap of rows and is folded when the lap is full: each slot becomes
the highest from that row to the lap's end. A window that reaches into two laps is then one folded slot or the highest
of the new lap, whichever is higher: two comparisons a row and one more when its lap is folded, and no branch that depends
on the values. Searching the window again whenever the highest has left it costs n a row where prices fall.

A row that is nan or infinite counts as infinitely high, so that it hides all others until it has left; what is
infinitely high comes out as nan.  The lowest is the highest of the negated rows.
"""
from __future__ import annotations

import math

from hq_core.jit import F8, State, inline


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
    top = s.top if s.laps > 0 else math.inf         # before the first full window nothing is known
    head = max(s.head, 0)         # it is never below 0; said here, indexing tests no signs
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
