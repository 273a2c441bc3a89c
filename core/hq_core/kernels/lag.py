"""The value of n rows before, across batches.

Rows whose earlier row lies in the same batch read it there, in a loop without a ring that vectorises; only
the first n of a batch need the ring, which is brought up to date once a batch.
"""

from __future__ import annotations

import math

from hq_core.jit import F8, inline, kernel
from hq_core.kernels.smooth import finite


@inline
def lagged(ring: F8, period: int, head: int, seen: int, i: int) -> float:
    """The value `period` rows before row i of this batch, i < period; nan if there was none.

    ring  (period,)  the last values before this batch, the oldest at head
    seen  rows before this batch, up to period
    """
    at = head + i
    if at >= period:
        at -= period
    return ring[at] if seen + i >= period else math.nan


@inline
def keep_last(values: F8, ring: F8, period: int, head: int) -> int:
    """Put this batch's last `period` rows, or all if fewer, into the ring; returns where the oldest is."""
    n = len(values)
    for i in range(max(0, n - period), n):
        ring[head] = values[i]
        head += 1
        if head == period:
            head = 0
    return head


@inline
def over(part: float, base: float, without: float) -> float:
    """part / base; `without` where base is 0; nan where one of the two is not finite."""
    share = part / base if base != 0.0 else without
    return share if finite(part - base) else math.nan


@kernel()
def percent(part: F8, whole: F8, out: F8) -> None:
    """100 part / whole; 0 where whole is 0; nan where one of the two is not finite."""
    for i in range(len(part)):
        out[i] = 100.0 * over(part[i], whole[i], 0.0)


@inline
def difference(value: float, before: float) -> float:
    """value - before; nan where one of the two is not finite."""
    apart = value - before
    return apart if finite(apart) else math.nan
