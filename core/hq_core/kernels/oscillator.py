"""Distance between a fast and a slow average of one column, both plain or both exponential."""
from __future__ import annotations

import math

from hq_core.jit import F8, State, inline
from hq_core.kernels.lag import difference
from hq_core.kernels.smooth import finite, seed_or_move


@inline
def slide(value: float, ring: F8, base: int, size: int, total: float, head: int) -> tuple[float, float, int]:
    """One row of a window as kernels/window.py has it, in the slots base .. base + size - 1 of the ring.

    total  the current lap's sum, nan throughout the first lap; head: its rows
    Returns the sum of the window, the new total, the new head.
    """
    ring[base + head] = value
    if head + 1 < size:
        total += value
        return ring[base + head + 1] + total, total, head + 1
    total = 0.0
    for i in range(base + size - 1, base - 1, -1):
        total += ring[i]
        ring[i] = total
    return total, 0.0, 0


@inline
def plain_gap(close: F8, short: int, long: int, s: State, ring: F8, out: F8) -> None:
    """The gap of two plain means; s and ring as in `gap`."""
    quick = s.quick if s.seen > 0 else math.nan     # before the first full window every sum is nan
    calm = s.calm if s.seen > 0 else math.nan
    at = max(s.at, 0)               # never below 0; said here, indexing tests no signs
    head = max(s.head, 0)
    base = max(short, 0)
    n = len(close)
    i = 0
    while i < n:
        stop = min(n, i + short - 1 - at, i + long - 1 - head)
        for j in range(i, stop):
            value = close[j]
            quick += value
            calm += value
            out[j] = difference((ring[at + 1] + quick) / short, (ring[base + head + 1] + calm) / long)
            ring[at] = value
            ring[base + head] = value
            at += 1
            head += 1
        i = stop
        if i < n:               # a lap ends in at least one of the two
            near, quick, at = slide(close[i], ring, 0, short, quick, at)
            far, calm, head = slide(close[i], ring, base, long, calm, head)
            out[i] = difference(near / short, far / long)
            i += 1
    s.quick = quick
    s.calm = calm
    s.at = at
    s.head = head
    if n > 0:
        s.seen = 1


@inline
def weighted_gap(close: F8, short: int, long: int, s: State, out: F8) -> None:
    """The gap of two exponential means, each seeded by the plain mean of its own first rows."""
    quick = s.quick
    calm = s.calm
    seen = s.seen
    quick_weight = 2.0 / (short + 1)
    calm_weight = 2.0 / (long + 1)
    n = len(close)
    i = 0
    while i < n and seen < long:
        value = close[i]
        out[i] = math.nan
        if finite(value):
            seen += 1
            quick = seed_or_move(value, quick, seen, short, quick_weight)
            calm = seed_or_move(value, calm, seen, long, calm_weight)
            if seen == long:
                out[i] = difference(quick, calm)
        i += 1
    while i < n:
        while i < n:
            value = close[i]
            if not finite(value):
                break
            quick = (value - quick) * quick_weight + quick
            calm = (value - calm) * calm_weight + calm
            out[i] = difference(quick, calm)
            i += 1
        if i < n:
            out[i] = math.nan
            i += 1
    s.quick = quick
    s.calm = calm
    s.seen = seen


@inline
def gap(close: F8, fast: int, slow: int, centre: int, s: State, ring: F8, out: F8) -> None:
    """Write the gap of the two averages to out; nan before the longer one's first value.

    centre  0 plain, 1 exponential means
    s       quick, calm: the exponential means, or the sums of the current laps; at, head: rows in those
            laps; seen: finite rows up to the first output, or 1 after the first row of the plain means
    ring    (fast + slow,)  the shorter window's slots, then the longer one's; not used by exponential means
    """
    short = min(fast, slow)
    long = max(fast, slow)
    if centre == 0:
        plain_gap(close, short, long, s, ring, out)
    else:
        weighted_gap(close, short, long, s, out)
