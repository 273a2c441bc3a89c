"""Sums over the last n rows of several columns at once: the additions of one column fill the waits of the others."""

from __future__ import annotations

import math

from hq_core.jit import F8, State, kernel
from hq_core.kernels.window import fold_pairs, fold_threes


@kernel(state="x y head:i8<period laps:i8")
def sum_two(first: F8, second: F8, period: int, s: State, ring: F8, out_first: F8, out_second: F8) -> None:
    """Sums of the last `period` rows of two columns.

    first, second  (n,)  any unit; nan or infinite: its sum is not finite while the row is in the window
    s      x, y: sums of the current lap; head: its rows; laps: full laps before it
    ring   (2 period,)  sums to the end of the last lap, overwritten by this lap's values (kernels/window.py)
    """
    x = s.x if s.laps > 0 else math.nan  # before the first full window every sum is nan
    y = s.y if s.laps > 0 else math.nan
    head = max(s.head, 0)  # it is never below 0; said here, indexing tests no signs
    last = period - 1
    n = len(first)
    i = 0
    while i < n:
        stop = min(n, i + last - head)
        for j in range(i, stop):
            one = first[j]
            other = second[j]
            x += one
            y += other
            out_first[j] = ring[2 * head + 2] + x
            out_second[j] = ring[2 * head + 3] + y
            ring[2 * head] = one
            ring[2 * head + 1] = other
            head += 1
        i = stop
        if i < n:
            ring[2 * last] = first[i]
            ring[2 * last + 1] = second[i]
            fold_pairs(ring, period)
            out_first[i] = ring[0]
            out_second[i] = ring[1]
            x = 0.0
            y = 0.0
            head = 0
            s.laps += 1
            i += 1
    s.x = x
    s.y = y
    s.head = head


@kernel(state="x y z head:i8<period laps:i8")
def sum_three(
    first: F8, second: F8, third: F8, period: int, s: State, ring: F8, out_first: F8, out_second: F8, out_third: F8
) -> None:
    """Sums of the last `period` rows of three columns; columns, state and ring as in sum_two, with a third."""
    x = s.x if s.laps > 0 else math.nan  # before the first full window every sum is nan
    y = s.y if s.laps > 0 else math.nan
    z = s.z if s.laps > 0 else math.nan
    head = max(s.head, 0)  # it is never below 0; said here, indexing tests no signs
    last = period - 1
    n = len(first)
    i = 0
    while i < n:
        stop = min(n, i + last - head)
        for j in range(i, stop):
            one = first[j]
            other = second[j]
            more = third[j]
            x += one
            y += other
            z += more
            out_first[j] = ring[3 * head + 3] + x
            out_second[j] = ring[3 * head + 4] + y
            out_third[j] = ring[3 * head + 5] + z
            ring[3 * head] = one
            ring[3 * head + 1] = other
            ring[3 * head + 2] = more
            head += 1
        i = stop
        if i < n:
            ring[3 * last] = first[i]
            ring[3 * last + 1] = second[i]
            ring[3 * last + 2] = third[i]
            fold_threes(ring, period)
            out_first[i] = ring[0]
            out_second[i] = ring[1]
            out_third[i] = ring[2]
            x = 0.0
            y = 0.0
            z = 0.0
            head = 0
            s.laps += 1
            i += 1
    s.x = x
    s.y = y
    s.z = z
    s.head = head
