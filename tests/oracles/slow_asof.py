"""The join as of ts by its definition: for each row look through all rows of the other side."""

from __future__ import annotations

import math


def joined(rows, others, columns, strictly=False, tolerance=None, age=False):
    """What each row gets, as lists of floats.

    rows    ts of each, ascending;  others: (ts, {column: value}), ascending
    """
    found = []
    for ts in rows:
        best = None
        for then, values in others:
            if then < ts or (then == ts and not strictly):
                best = then, values
        if best is not None and tolerance is not None and ts - best[0] > tolerance:
            best = None
        got = [math.nan if best is None else float(best[1][name]) for name in columns]
        if age:
            got.append(math.nan if best is None else (ts - best[0]) / 1e9)
        found.append(got)
    return found
