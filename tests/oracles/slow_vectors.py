"""Windows, labels and similarity as hq-dsl(7) and hq-vector(1) say them, one row after the other."""

from __future__ import annotations

import math

import numpy as np

NORMS = ("zscore", "minmax", "l2", "first", "none")
METHODS = ("cosine", "correlation", "dot", "euclid")


def normalised(window, method):
    """float32 of the values, oldest first."""
    x = np.array(window, dtype=np.float64)
    with np.errstate(all="ignore"):
        if method == "zscore":
            made = (x - x.mean()) / x.std() if x.max() > x.min() else 0 * x
        elif method == "minmax":
            made = (x - x.min()) / (x.max() - x.min()) if x.max() > x.min() else 0 * x
        elif method == "l2":
            made = x / np.sqrt((x * x).sum()) if np.any(x) else 0 * x
        elif method == "first":
            made = x / x[0] - 1 if x[0] else 0 * x
        else:
            made = x
        return made.astype(np.float32)


def windows(values, length, method):
    """For each row the vector of the last `length` finite values, or None."""
    held, found = [], []
    for value in values:
        if math.isfinite(value):
            held = [*held, value][-length:]
        found.append(normalised(held, method) if math.isfinite(value) and len(held) == length else None)
    return found


def alike(one, other, method):
    """The score, or None where one of them has no direction, or is no vector."""
    a, b = (np.array(v, dtype=np.float32).astype(np.float64) for v in (one, other))
    if not (np.isfinite(a).all() and np.isfinite(b).all()) or not a.any() or not b.any():
        return None
    if method == "dot":
        return float(np.dot(a, b))
    if method == "euclid":
        return float(1 / (1 + np.sqrt(((a - b) ** 2).sum())))
    if method == "correlation":
        if (a == a[0]).all() or (b == b[0]).all():
            return None
        a, b = a - a.mean(), b - b.mean()
    return float(np.dot(a, b) / np.sqrt(np.dot(a, a) * np.dot(b, b)))


def nearest(store, vector, ts, method, k, least):
    """(score, row) of the k best rows of the store that are known at ts, nearest first; equal scores by ts, then id.

    store   rows of (ts, id, avail_ts, label, vector)
    """
    found = []
    for row in store:
        if row[2] <= ts:
            score = alike(row[4], vector, method)
            if score is not None and score >= least:
                found.append((score, row))
    found.sort(key=lambda one: (-one[0], one[1][0], one[1][1]))
    return found[:k]


def labelled(bars, length, method, horizon, threshold=0.0, take=0.0, stop=0.0):
    """(ts, avail_ts, label, outcome, vector) of bars of (ts, close, high, low), as it was known."""
    shapes = windows([bar[1] for bar in bars], length, method)
    found = []
    for i, shape in enumerate(shapes):
        if shape is None:
            continue
        came = outcome(bars, i, horizon, threshold, take, stop)
        if came is not None:
            found.append((bars[i][0], *came, shape))
    return sorted(found, key=lambda one: (one[1], one[0]))


def outcome(bars, i, horizon, threshold, take, stop):
    """(ts, label, return) of what came after bar i; None: it is not known yet."""
    base = bars[i][1]
    for ts, _, high, low in bars[i + 1 : i + 1 + horizon]:
        if take and low <= base * (1 - stop):
            return ts, -1, -stop
        if take and high >= base * (1 + take):
            return ts, 1, take
    if i + horizon >= len(bars):
        return None
    ts, close = bars[i + horizon][:2]
    came = close / base - 1
    return ts, 0 if take or came == 0 or abs(came) < threshold else 1 if came > 0 else -1, came
