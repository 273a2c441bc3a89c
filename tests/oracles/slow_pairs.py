"""Factors of pairs in plain Python: from all rows so far, by the words of their definitions.

A row is (ts, a, b), what is known of both at the end of ts.
"""

from __future__ import annotations

import math
from fractions import Fraction
from operator import mul
from statistics import fmean

NAN = math.nan


def at_instants(events):
    """The rows of a pair of (ts, which, value): one for each ts, from the first on that knows both."""
    known, rows = {}, []
    for at in sorted({ts for ts, _, _ in events}):
        for ts, which, value in events:
            if ts == at:
                known[which] = value
        if len(known) == 2:
            rows.append((at, known["a"], known["b"]))
    return rows


def ratio_dev(rows, ratio=1.0):
    _, a, b = rows[-1]
    return (a / b - ratio) / ratio


def _returns(values):
    """Log returns since the last value that was there."""
    found, last = [], NAN
    for value in values:
        found.append(math.log(value / last) if value == value and last == last else NAN)
        last = value if value == value else last
    return found


def _columns(rows, of):
    a, b = [row[1] for row in rows], [row[2] for row in rows]
    return (_returns(a), _returns(b)) if of == "returns" else (a, b)


def _in_window(rows, x, y, window):
    """The pairs of values of the rows of the window; none where the last row lacks one."""
    last = rows[-1][0]
    found = [
        (one, other)
        for (ts, _, _), one, other in zip(rows, x, y, strict=True)
        if ts >= last - window and one == one and other == other
    ]
    return found if x[-1] == x[-1] and y[-1] == y[-1] else []


def _moments(pairs):
    """Exact, so that what stands still is seen to."""
    x, y = [Fraction(one) for one, _ in pairs], [Fraction(one) for _, one in pairs]
    n = len(pairs)
    return [float(sum(map(mul, one, other)) - sum(one) * sum(other) / n) for one, other in ((x, x), (x, y), (y, y))]


def zscore(rows, window, ratio=0.0, least=10):
    spread = [math.log(a / b) if ratio == 0.0 else a - ratio * b for _, a, b in rows]
    found = _in_window(rows, spread, spread, window)
    if len(found) < least:
        return NAN
    xx = _moments(found)[0]
    mean = fmean(one for one, _ in found)
    return (spread[-1] - mean) / math.sqrt(xx / (len(found) - 1)) if xx else NAN


def _correlation(found, least):
    if len(found) < least:
        return NAN
    xx, xy, yy = _moments(found)
    return xy / math.sqrt(xx * yy) if xx and yy else NAN


def corr(rows, window, of="returns", least=10):
    return _correlation(_in_window(rows, *_columns(rows, of), window), least)


def beta(rows, window, of="returns", least=10):
    found = _in_window(rows, *_columns(rows, of), window)
    if len(found) < least:
        return NAN
    _, xy, yy = _moments(found)
    return xy / yy if yy else NAN


def leadlag(rows, window, lag=1, of="returns", least=10):
    a, b = _columns(rows, of)
    if lag > 0:
        a = [NAN] * min(lag, len(a)) + a[: max(0, len(a) - lag)]
    elif lag < 0:
        b = [NAN] * min(-lag, len(b)) + b[: max(0, len(b) + lag)]
    return _correlation(_in_window(rows, a, b, window), least)
