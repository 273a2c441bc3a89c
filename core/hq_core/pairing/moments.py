"""Kernels that factors of pairs share: returns, values of rows before, and moments in a window of time."""

from __future__ import annotations

import math

from hq_core.jit import F8, I8, State, kernel
from hq_core.kernels.maths.log import ln_ratio
from hq_core.kernels.smooth import finite
from hq_core.kernels.timed import left, oldest
from hq_core.kernels.window import spread
from hq_core.registry import Param

WIDTH = 5  # values that the ring has of each row: x, y, xx, xy, yy
MEASURES = ("returns", "values")
OF = Param("returns", help="log returns from row to row, or the values as they are", choices=MEASURES)
LEAST = Param(10, 3, 1_000_000, "rows in the window that a value needs")


@kernel(state="last seen:i8<=1")
def moved(x: F8, s: State, out: F8) -> None:
    """The log return since the last row that had a value above 0; nan where this one has none.  s: that value."""
    last = s.last
    seen = s.seen
    for i in range(len(x)):
        there = finite(x[i]) and x[i] > 0.0
        out[i] = ln_ratio(x[i], last) if there and seen == 1 else math.nan
        if there:
            last = x[i]
            seen = 1
    s.last = last
    s.seen = seen


@kernel(state="at:i8<rows seen:i8<=rows")
def back(x: F8, rows: int, s: State, ring: F8, out: F8) -> None:
    """x so many rows before; nan where there was no such row.  ring (rows,): the last ones, the oldest at s.at."""
    at = max(s.at, 0)
    seen = s.seen
    for i in range(len(x)):
        value = x[i]
        out[i] = ring[at] if seen == rows else math.nan
        ring[at] = value
        seen = min(seen + 1, rows)
        at = at + 1 if at + 1 < rows else 0
    s.at = at
    s.seen = seen


@kernel(state="head:i8 mid:i8 tail:i8 centre_x centre_y x y xx xy yy", wraps=False)
def moments(
    ts: I8,
    x: F8,
    y: F8,
    window: int,
    s: State,
    times: I8,
    ring: F8,
    out_rows: F8,
    out_x: F8,
    out_y: F8,
    out_xx: F8,
    out_xy: F8,
    out_yy: F8,
) -> None:
    """Of the rows of the last `window` ns, its first instant included, that have both values: their number, the means,
    and the sums of squared distances from them and of their products; all nan in a row that lacks a value.

    s     head, mid, tail: see kernels/timed.py; x to yy: sums of what is not folded, of the distances from the centre
          and of their products; the centre is itself a row of the window, so the size of the values costs no digits
    ring  (rows, 5)  x and y; of what is folded those sums up to mid
    """
    head, mid, tail = s.head, s.mid, s.tail
    centre_x, centre_y = s.centre_x, s.centre_y
    sx, sy, sxx, sxy, syy = s.x, s.y, s.xx, s.xy, s.yy
    mask = len(times) - 1
    old = oldest(times, head, tail)
    for i in range(len(ts)):
        t = ts[i]
        if old < t - window:
            head = left(times, head, tail, t - window)
            if head >= mid:
                if head < tail:
                    centre_x = ring[5 * ((tail - 1) & mask)]
                    centre_y = ring[5 * ((tail - 1) & mask) + 1]
                sx = sy = sxx = sxy = syy = 0.0
                for k in range(tail - 1, head - 1, -1):
                    at = 5 * (k & mask)
                    one = ring[at] - centre_x
                    other = ring[at + 1] - centre_y
                    sx += one
                    sy += other
                    sxx += one * one
                    sxy += one * other
                    syy += other * other
                    ring[at] = sx
                    ring[at + 1] = sy
                    ring[at + 2] = sxx
                    ring[at + 3] = sxy
                    ring[at + 4] = syy
                sx = sy = sxx = sxy = syy = 0.0
                mid = tail
            old = oldest(times, head, tail)
        there = finite(x[i]) and finite(y[i])
        if there:
            if head == tail:
                centre_x = x[i]
                centre_y = y[i]
            at = 5 * (tail & mask)
            times[tail & mask] = t
            ring[at] = x[i]
            ring[at + 1] = y[i]
            one = x[i] - centre_x
            other = y[i] - centre_y
            sx += one
            sy += other
            sxx += one * one
            sxy += one * other
            syy += other * other
            tail += 1
            old = min(old, t)
        at = 5 * (head & mask)
        folded = head < mid
        rows = float(tail - head) if there else math.nan
        share = 1.0 / rows
        all_x = sx + (ring[at] if folded else 0.0)
        all_y = sy + (ring[at + 1] if folded else 0.0)
        out_rows[i] = rows
        out_x[i] = centre_x + all_x * share
        out_y[i] = centre_y + all_y * share
        out_xx[i] = spread(all_x, sxx + (ring[at + 2] if folded else 0.0), share)
        out_xy[i] = sxy + (ring[at + 3] if folded else 0.0) - all_x * (all_y * share)
        out_yy[i] = spread(all_y, syy + (ring[at + 4] if folded else 0.0), share)
    s.head, s.mid, s.tail = head, mid, tail
    s.centre_x, s.centre_y = centre_x, centre_y
    s.x, s.y, s.xx, s.xy, s.yy = sx, sy, sxx, sxy, syy


@kernel()
def correlated(rows: F8, xx: F8, xy: F8, yy: F8, least: int, out: F8) -> None:
    """xy over the root of xx yy; nan where one of the two stands still, and of fewer than `least` rows."""
    for i in range(len(rows)):
        square = math.sqrt(xx[i]) * math.sqrt(yy[i])
        found = xy[i] / square if rows[i] >= least and square > 0.0 else math.nan
        found = 1.0 if found > 1.0 else found
        out[i] = -1.0 if found < -1.0 else found
