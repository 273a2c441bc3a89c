"""Finer bars to bar bodies: open first, high the highest, low the lowest, close last, sums as pairs (sums.py)."""

from __future__ import annotations

import math

from hq_core.bars.order import apart
from hq_core.bars.period import EARLIEST, LATEST
from hq_core.bars.sums import pair_add
from hq_core.jit import F8, I4, I8, State, inline, kernel

LARGEST = 1.7976931348623157e308
BACK, OVERLAP, MARKED, PRICE, HIGH_LOW, EMPTY, GAP, FAR = 1, 2, 3, 4, 5, 6, 7, 8


@inline
def _usable(open_: float, high: float, low: float, close: float) -> bool:
    finite = (abs(open_) <= LARGEST) & (abs(high) <= LARGEST) & (abs(low) <= LARGEST) & (abs(close) <= LARGEST)
    return finite & (high >= low)


@kernel(state="good:i8 why:i8 rows:i8 last:i8 mark:i8 marked:i8 unaligned:i8")
def check_bars(
    ts: I8, open_time: I8, open: F8, high: F8, low: F8, close: F8, period: int, anchor: int, max_gap: int, s: State
) -> None:
    """s.good = how many rows from the first on can be used; s.why says what is wrong with the next one.

    Bars are in order when each opens at or after the close of the one before it, and at most `max_gap` ns after it
    unless that is 0.
    """
    i = 0
    s.why = 0
    while i < len(ts):
        begin = open_time[i]
        end = ts[i]
        if end < EARLIEST or end > LATEST or begin < EARLIEST:
            s.why = FAR
        elif begin >= end:
            s.why = EMPTY
        elif s.rows > 0 and end <= s.last:
            s.why = BACK
        elif s.marked and end < s.mark:
            s.why = MARKED
        elif s.rows > 0 and begin < s.last:
            s.why = OVERLAP
        elif s.rows > 0 and apart(begin, s.last, max_gap):
            s.why = GAP
        elif not _usable(open[i], high[i], low[i], close[i]):
            s.why = HIGH_LOW if high[i] < low[i] else PRICE
        if s.why:
            break
        s.unaligned += (begin - anchor) % period != 0
        s.last = end
        s.rows += 1
        i += 1
    s.good = i


@kernel(state="good:i8 bad:i8")
def check_sums(floats: F8, starts: I8, first: int, last: int, n: int, s: State) -> None:
    """s.good = how many of n rows from the first on can be added: no sum is negative or infinite; NaN means absent.

    starts  where each column begins in `floats`; those from `first` on and before `last` are looked at
    s.bad   which of them holds the next row back;  -1: none does
    """
    s.bad = -1
    for k in range(first, last):
        start = starts[k]
        i = 0
        while i < n and not (floats[start + i] < 0.0 or floats[start + i] > LARGEST):
            i += 1
        if i < n:
            n = i
            s.bad = k
    s.good = n


@kernel()
def opens(ts: I8, period: int, out: I8) -> None:
    """The open times of bars that do not carry them."""
    for i in range(len(ts)):
        out[i] = ts[i] - period


@kernel()
def pack(floats: F8, integers: I8, starts: I8, places: I8, counts: int, n: int, width: int, rows: F8) -> None:
    """n rows of columns side by side.

    starts   (k,)  where each column begins in `floats`, and in `integers`, which are the same memory
    places   (k,)  where its values go in a body
    counts   the last so many of the k are columns of int64
    """
    columns = len(starts)
    for k in range(columns):
        start, at = starts[k], places[k]
        if k < columns - counts:
            for i in range(n):
                rows[i * width + at] = floats[start + i]
        else:
            for i in range(n):
                rows[i * width + at] = float(integers[start + i])


@kernel()
def count_one(n: int, width: int, rows: F8) -> None:
    """Each row stands for one row of the input: the last pair of its body, of which a bar's count is the sum."""
    for i in range(n):
        rows[i * width + width - 2] = 1.0


@kernel(state="seen:i8")
def fold_bars(rows: F8, n: int, stop: I8, closed: I8, cuts: int, width: int, acc: F8, body: F8, s: State) -> None:
    """Add n rows to the open bar, and write its body at every cut.

    rows    bodies, `width` apart: open, high, low, close, then pairs (hi, lo)
    acc     (width,)  the open bar's body
    stop, closed, body   as for `fold_trades`
    """
    start = 0
    for j in range(cuts + 1):
        end = stop[j] if j < cuts else n
        for i in range(start, end):
            at = i * width
            if s.seen == 0:
                for k in range(width):
                    acc[k] = rows[at + k]
            else:
                acc[1] = max(acc[1], rows[at + 1])
                acc[2] = min(acc[2], rows[at + 2])
                acc[3] = rows[at + 3]
                for k in range(4, width, 2):
                    acc[k], acc[k + 1] = pair_add(acc[k], acc[k + 1], rows[at + k], rows[at + k + 1])
            s.seen += 1
        start = end
        if j < cuts:
            for k in range(width):
                body[j * width + k] = acc[k]
            if closed[j]:
                s.seen = 0


@kernel()
def take(body: F8, source: I4, width: int, places: I8, starts: I8, counts: int, floats: F8, integers: I8) -> None:
    """The rounded sums of all rows: hi + lo of the body that the row comes from; 0 for a bar without trades.

    source    (n,)  the body of each row, or -1
    places    (k,)  where each sum's pair lies in a body
    starts    (k,)  where its column begins in `floats`, and in `integers`, which are the same memory
    counts    the last so many of the k are columns of int64
    """
    n = len(source)
    sums = len(places)
    for k in range(sums):
        at = places[k]
        start = starts[k]
        whole = k >= sums - counts
        for i in range(n):
            row = source[i]
            value = 0.0
            if row >= 0:
                value = body[row * width + at] + body[row * width + at + 1]
            if whole:
                integers[start + i] = int(value)
            else:
                floats[start + i] = value


@kernel()
def mean_price(value: F8, volume: F8, out: F8) -> None:
    """Volume-weighted average price: traded value over traded volume, NaN where nothing was traded."""
    for i in range(len(value)):
        if volume[i] > 0.0:
            out[i] = value[i] / volume[i]
        else:
            out[i] = math.nan
