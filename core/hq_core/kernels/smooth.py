"""Steps of the recursive averages, and what their rows are made of."""

from __future__ import annotations

import math

from hq_core.jit import F8, State, inline


@inline
def finite(value: float) -> bool:
    """False for nan and both infinities."""
    return value - value == 0.0


@inline
def leap(base: float, one: float, two: float, three: float, value: float, keep: float, weight: float) -> float:
    """The average four rows after `base`; the same as four steps but for rounding, and `base` itself if all are it.

    Four operations wait for `base`, where four steps are twelve in a row.
    """
    past = ((one - value) * keep + (two - value)) * keep + (three - value)
    whole = ((4.0 - weight) * weight - 6.0) * weight + 4.0  # 1 - keep^4 = weight * whole, to the last digit
    return ((value - base) * (whole * weight) + past * (keep * weight)) + base


@inline
def exponential(close: F8, period: int, weight: float, at_once: int, s: State, out: F8) -> None:
    """Write the average that moves towards each row by `weight` of the distance; nan before finite row `period`, and
    in a row that is not finite, which is passed over.

    Every fourth row leaps from the average four rows before, which does not wait for the rows in between: a third
    of the time. Which rows those are depends on the rows before alone, not on where a batch ends.

    at_once  1: it starts at the first finite row (Metastock); 0: at the plain mean of the first `period` ones
    s        mean: the average, or the plain sum before it starts; base: the average after the last leap; one, two,
             three: finite rows since; at: how many those are; seen: finite rows, up to period
    """
    mean = s.mean
    seen = s.seen
    n = len(close)
    i = 0
    while i < n and seen < period:
        value = close[i]
        out[i] = math.nan
        if finite(value):
            seen += 1
            if at_once == 1:
                mean = (value - mean) * weight + mean if seen > 1 else value
            else:
                mean = seed_or_move(value, mean, seen, period, weight)
            if seen == period:
                out[i] = mean
        s.base = mean
        i += 1
    while i < n and period == 1:  # no smoothing; the recurrence would round
        out[i] = close[i] if finite(close[i]) else math.nan
        i += 1
    base = s.base
    one = s.one
    two = s.two
    three = s.three
    at = s.at
    keep = 1.0 - weight
    while i < n:
        while at == 0 and i + 3 < n:
            value = close[i + 3]
            if not finite((close[i] - close[i + 1]) + (close[i + 2] - value)):
                break
            one = close[i]
            two = close[i + 1]
            three = close[i + 2]
            first = (one - base) * weight + base
            second = (two - first) * weight + first
            out[i] = first
            out[i + 1] = second
            out[i + 2] = (three - second) * weight + second
            base = leap(base, one, two, three, value, keep, weight)
            mean = base
            out[i + 3] = base
            i += 4
        if i < n:
            value = close[i]
            out[i] = math.nan
            if finite(value):
                if at == 3:
                    mean = leap(base, one, two, three, value, keep, weight)
                    base = mean
                else:
                    mean = (value - mean) * weight + mean
                one = value if at == 0 else one
                two = value if at == 1 else two
                three = value if at == 2 else three
                at = (at + 1) & 3
                out[i] = mean
            i += 1
    s.mean = mean
    s.base = base
    s.one = one
    s.two = two
    s.three = three
    s.at = at
    s.seen = seen


@inline
def true_range(high: float, low: float, before: float) -> float:
    """The largest of high - low and the distances of both from the close before (Wilder 1978)."""
    largest = high - low
    rise = abs(before - high)
    fall = abs(before - low)
    if rise > largest:
        largest = rise
    if fall > largest:
        largest = fall
    return largest


@inline
def seed_or_move(value: float, mean: float, row: int, period: int, weight: float) -> float:
    """An exponential average after its row-th value, 1-based: the plain sum while row < period, the plain mean
    at row == period, from there on moved towards each value by `weight`."""
    if row > period:
        return (value - mean) * weight + mean
    mean += value
    return mean / period if row == period else mean
