"""Cross-sections: each row's place among the rows of its ts, over the symbols of a panel."""

from __future__ import annotations

import math

from hq_core.jit import F8, I1, I8, State, inline, kernel
from hq_core.kernels.sorting import in_order

RANK, DEMEAN, ZSCORE, MEAN, SUM, COUNT = range(6)


@inline
def of_group(what: int, x: F8, index: I8, start: int, stop: int, out: F8) -> None:
    """The values of the rows index[start:stop], which are one group; in the order of their values if it is RANK."""
    m = stop - start
    if what == RANK:
        a = start
        while a < stop:
            b = a + 1
            while b < stop and x[index[b]] == x[index[a]]:
                b += 1
            for k in range(a, b):  # the mean of the places a - start + 1 to b - start
                out[index[k]] = 0.5 * (a + b + 1 - 2 * start) / m
            a = b
        return
    low = high = x[index[start]]
    total = 0.0
    for k in range(start, stop):
        value = x[index[k]]
        low = min(low, value)
        high = max(high, value)
        total += value
    mean = total / m if low < high else low  # of equal values exactly theirs
    squares = 0.0
    for k in range(start, stop):
        away = x[index[k]] - mean
        squares += away * away
    scale = math.sqrt(squares / (m - 1)) if squares > 0.0 else math.nan
    for k in range(start, stop):
        row = index[k]
        if what == DEMEAN:
            out[row] = x[row] - mean
        elif what == ZSCORE:
            out[row] = (x[row] - mean) / scale
        elif what == MEAN:
            out[row] = mean
        elif what == SUM:
            out[row] = total
        else:
            out[row] = 1.0 * m


@kernel()
def across(what: int, ts: I8, complete: I1, x: F8, by: F8, index: I8, spare: I8, out: F8) -> None:
    """What each closed row is among those of its ts; nan where x is not finite, by is nan, or the row is a forming one.

    what      RANK: the mean of the places of its equals, the smallest being 1, over how many there are; DEMEAN: x less
              the mean; ZSCORE: that over the deviation of a sample, nan where there is none; MEAN, SUM, COUNT
    ts        (n,) rises but for forming rows;  complete: (n,) or empty: all are
    by        (n,) rows of one value are a group; or empty: all of a ts are
    index, spare  (n,) room
    """
    n = len(ts)
    j = 0
    while j < n:
        m = 0
        seen = False
        now = ts[j]
        while j < n:
            out[j] = math.nan
            if len(complete) == 0 or complete[j] != 0:
                if seen and ts[j] != now:
                    break
                seen = True
                now = ts[j]
                if abs(x[j]) < math.inf and (len(by) == 0 or by[j] == by[j]):
                    index[m] = j
                    m += 1
            j += 1
        if what == RANK or len(by) > 0:
            one = what != RANK or len(by) == 0
            in_order(one, by if len(by) > 0 else x, x, x, x, m, index, spare)
        start = 0
        while start < m:
            stop = m
            if len(by) > 0:
                stop = start + 1
                while stop < m and by[index[stop]] == by[index[start]]:
                    stop += 1
            of_group(what, x, index, start, stop, out)
            start = stop


@kernel()
def across_one(x: F8, by: F8, what: int, out: F8) -> None:
    """As `across` where each row is the only one of its ts."""
    for i in range(len(x)):
        value = math.nan
        if abs(x[i]) < math.inf and by[i] == by[i]:
            if what in (RANK, COUNT):
                value = 1.0
            elif what == DEMEAN:
                value = 0.0
            elif what in (MEAN, SUM):
                value = x[i]
        out[i] = value


@kernel(state="ready:i8")
def until(ts: I8, complete: I1, limit: int, s: State) -> None:
    """s.ready: how many rows stand before the first closed one that is not before `limit`."""
    i = 0
    while i < len(ts) and (ts[i] < limit or (len(complete) > 0 and complete[i] == 0)):
        i += 1
    s.ready = i
