"""The straight line through the last n rows, and what two columns have in common in them.

All sums are of distances from a pivot that is itself a row of the window, and are folded lap by lap
(kernels/window.py): the size of the values costs no digits, and what leaves leaves nothing behind.
"""

from __future__ import annotations

import math

from hq_core.jit import F8, State, kernel
from hq_core.kernels.window import fold_common, fold_weighted, spread


@kernel(state="centre plain weighted head:i8<period laps:i8")
def line_fit(close: F8, period: int, s: State, ring: F8, out_slope: F8, out_mean: F8) -> None:
    """The least squares line through the last `period` rows: its slope a row, and its height in their middle, which
    is their mean.

    close  (n,)         any unit; nan or infinite: the line is nan while the row is in the window
    s      centre: last row of the last full lap; plain, weighted: this lap's sums of (close - centre), the second with
           the weights 1, 2, 3 ... from its first row; head: rows in this lap; laps: full laps before it
    ring   (2 period,)  those sums from each row to the end of the last lap; this lap's values overwrite them
    """
    centre = s.centre
    plain = s.plain if s.laps > 0 else math.nan  # before the first full window every sum is nan
    weighted = s.weighted
    head = max(s.head, 0)  # it is never below 0; said here, indexing tests no signs
    last = period - 1
    share = 1.0 / period
    middle = 0.5 * (period + 1)
    scale = 12.0 / ((period * float(period) - 1.0) * period)
    n = len(close)
    i = 0
    while i < n:
        stop = min(n, i + last - head)
        rows = float(head)
        for j in range(i, stop):
            value = close[j]
            apart = value - centre
            plain += apart
            rows += 1.0
            weighted += apart * rows
            total = ring[2 * head + 2] + plain
            out_slope[j] = ((ring[2 * head + 3] + (period - rows) * plain + weighted) - middle * total) * scale
            out_mean[j] = centre + total * share
            ring[2 * head] = value
            head += 1
        i = stop
        if i < n:
            centre = close[i]
            ring[2 * last] = centre
            fold_weighted(ring, period, centre)
            out_slope[i] = (ring[1] - middle * ring[0]) * scale
            out_mean[i] = centre + ring[0] * share
            plain = 0.0
            weighted = 0.0
            head = 0
            s.laps += 1
            i += 1
    s.centre = centre
    s.plain = plain
    s.weighted = weighted
    s.head = head


@kernel()
def along(slope: F8, mean: F8, rows: float, out: F8) -> None:
    """The line's height `rows` rows after its middle."""
    for i in range(len(slope)):
        out[i] = mean[i] + slope[i] * rows


@kernel(state="centre_x centre_y x y xx xy yy head:i8<period laps:i8")
def co_moments(first: F8, second: F8, period: int, s: State, ring: F8, out_xx: F8, out_xy: F8, out_yy: F8) -> None:
    """Sums of the products of the distances from the means, over the last `period` rows: of the first column with
    itself, of the two, and of the second with itself.

    first, second  (n,)  any unit; nan or infinite: all three are nan while the row is in the window
    s      centre_x, centre_y: last row of the last full lap; x, y, xx, xy, yy: this lap's sums of the distances from it
           and of their products; head: rows in this lap; laps: full laps before it
    ring   (5 period,)  those sums from each row to the end of the last lap; this lap's values overwrite them
    """
    centre_x = s.centre_x
    centre_y = s.centre_y
    x = s.x if s.laps > 0 else math.nan  # before the first full window every sum is nan
    y = s.y if s.laps > 0 else math.nan
    xx = s.xx
    xy = s.xy
    yy = s.yy
    head = max(s.head, 0)  # it is never below 0; said here, indexing tests no signs
    last = period - 1
    share = 1.0 / period
    n = len(first)
    i = 0
    while i < n:
        stop = min(n, i + last - head)
        for j in range(i, stop):
            one = first[j]
            other = second[j]
            left = one - centre_x
            right = other - centre_y
            x += left
            y += right
            xx += left * left
            xy += left * right
            yy += right * right
            total_x = ring[5 * head + 5] + x
            total_y = ring[5 * head + 6] + y
            out_xx[j] = spread(total_x, ring[5 * head + 7] + xx, share)
            out_xy[j] = (ring[5 * head + 8] + xy) - total_x * (total_y * share)
            out_yy[j] = spread(total_y, ring[5 * head + 9] + yy, share)
            ring[5 * head] = one
            ring[5 * head + 1] = other
            head += 1
        i = stop
        if i < n:
            centre_x = first[i]
            centre_y = second[i]
            ring[5 * last] = centre_x
            ring[5 * last + 1] = centre_y
            fold_common(ring, period, centre_x, centre_y)
            out_xx[i] = spread(ring[0], ring[2], share)
            out_xy[i] = ring[3] - ring[0] * (ring[1] * share)
            out_yy[i] = spread(ring[1], ring[4], share)
            x = 0.0
            y = 0.0
            xx = 0.0
            xy = 0.0
            yy = 0.0
            head = 0
            s.laps += 1
            i += 1
    s.centre_x = centre_x
    s.centre_y = centre_y
    s.x = x
    s.y = y
    s.xx = xx
    s.xy = xy
    s.yy = yy
    s.head = head
