"""Steps of the recursive averages, and what their rows are made of."""
from __future__ import annotations

import math

from hq_core.jit import F8, State, inline


@inline
def finite(value: float) -> bool:
    """False for nan and both infinities."""
    return value - value == 0.0


@inline
def exponential(close: F8, period: int, weight: float, first: int, s: State, out: F8) -> None:
    """Write the average that moves towards each row by `weight` of the distance; nan before finite row `period`, and
    in a row that is not finite, which is passed over.

    first  1: it starts at the first finite row (Metastock); 0: at the plain mean of the first `period` ones
    s      mean: the average, or the plain sum before it starts; seen: finite rows, up to period
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
            if first == 1:
                mean = (value - mean) * weight + mean if seen > 1 else value
            else:
                mean = seed_or_move(value, mean, seen, period, weight)
            if seen == period:
                out[i] = mean
        i += 1
    while i < n and period == 1:        # no smoothing; the recurrence would round
        out[i] = close[i] if finite(close[i]) else math.nan
        i += 1
    while i < n:
        while i < n:
            value = close[i]
            if not finite(value):
                break           # out of the recurrence, where a choice would cost a quarter of the time
            mean = (value - mean) * weight + mean
            out[i] = mean
            i += 1
        if i < n:
            out[i] = math.nan
            i += 1
    s.mean = mean
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


@inline
def mean_range(high: F8, low: F8, close: F8, period: int, s: State, out: F8) -> None:
    """Write Wilder's average of the true range to out; rows and s as indicators/atr.py says."""
    mean = s.mean
    prev = s.prev
    seen = s.seen
    weight = 1.0 / period
    keep = (period - 1) / period
    n = len(close)
    i = 0
    while i < n and seen <= period:
        out[i] = math.nan
        if finite(high[i] - low[i] + close[i]):
            if seen > 0:
                mean += true_range(high[i], low[i], prev)
            prev = close[i]
            seen += 1
            if seen > period:
                mean /= period
                out[i] = mean
        i += 1
    while i < n:
        while i < n:
            if not finite(high[i] - low[i] + close[i]):     # one of three that is not makes the sum not
                break
            mean = mean * keep + true_range(high[i], low[i], prev) * weight
            prev = close[i]
            out[i] = mean
            i += 1
        if i < n:
            out[i] = math.nan
            i += 1
    s.mean = mean
    s.prev = prev
    s.seen = seen
