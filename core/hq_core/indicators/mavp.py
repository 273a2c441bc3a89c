"""Moving Average with Variable Period."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, State, inline, kernel
from hq_core.kernels.smooth import finite
from hq_core.registry import Param, matype


@inline
def total(ring: F8, first: int, last: int, size: int) -> float:
    """Sum of the leaves first..last, both included, of a tree of sums with `size` leaves."""
    left = first + size
    right = last + size + 1
    found = 0.0
    while left < right:
        if left & 1:
            found += ring[left]
            left += 1
        if right & 1:
            right -= 1
            found += ring[right]
        left >>= 1
        right >>= 1
    return found


@kernel(state="at:i8<size seen:i8<=high")
def means(close: F8, periods: F8, low: int, high: int, size: int, s: State, ring: F8, out: F8) -> None:
    """Plain mean of the last `periods` rows; nan for the first high - 1 rows.

    size  a power of two, at least `high`
    ring  (2 size,)  a tree of sums over the last `size` rows: node k is the sum of 2k and 2k + 1, leaf j is node
                     size + j; what leaves is overwritten, so it leaves nothing behind
    s     at: the leaf of the next row; seen: rows so far, up to high
    """
    at = s.at
    seen = s.seen
    for i in range(len(close)):
        value = close[i]
        length = periods[i]
        ring[size + at] = value if finite(value) else math.nan
        node = (size + at) >> 1
        while node > 0:
            ring[node] = ring[2 * node] + ring[2 * node + 1]
            node >>= 1
        seen += seen < high
        out[i] = math.nan
        if seen >= high and finite(length):
            period = low if length < low else (high if length > high else int(length))
            first = at - period + 1
            found = total(ring, max(first, 0), at, size)
            if first < 0:
                found += total(ring, first + size, size - 1, size)
            out[i] = found / period
        at = at + 1 if at + 1 < size else 0
    s.at = at
    s.seen = seen


@kernel()
def pick(periods: F8, average: F8, others: F8, least: float, below: float, out: F8) -> None:
    """`average` where least <= periods < below, else what the others give."""
    for i in range(len(periods)):
        out[i] = average[i] if (periods[i] >= least) & (periods[i] < below) else others[i]


@composite(
    title="Moving Average with Variable Period",
    inputs="close periods",
    outputs={"mavp": "unit of the input"},
    params={
        "min": Param(2, 1, 100_000, "rows in the shortest average; what periods holds below it counts as this"),
        "max": Param(30, 1, 100_000, "rows in the longest average; what periods holds above it counts as this"),
        "matype": matype("sma", "kind of the averages"),
    },
    source="definition: each row's average over as many rows as it says",
    talib="MAVP",
)
def mavp(on: Nodes, close: Line, periods: Line, min: int, max: int, matype: str) -> Line:
    """Average of as many rows as the column `periods` says, without its fraction, from `min` to `max`.

    All averages begin on one row, the seeds of the shorter ones are the later rows, as TA-Lib. Plain means cost a
    few additions a row whatever the range is; every other kind costs an average for each whole number of the range.
    `min` and `max` are exchanged if `min` is the larger; TA-Lib refuses that.
    """
    low, high = sorted((min, max))
    if matype == "sma":
        size = 1 << (high - 1).bit_length()
        found: Line = on.apply(means, close, periods, ring=2 * size, warmup=high - 1, low=low, high=high, size=size)
        return found
    kinds = {period: on.average(close, period, matype) for period in range(low, high + 1)}
    warmup = sorted(line.warmup for line in kinds.values())[-1]
    found = Line(on.graph, on.graph.constant(math.nan))
    for period, line in kinds.items():
        if line.warmup < warmup:
            line = on.average(on.skip(close, warmup - line.warmup), period, matype)
        least = -math.inf if period == low else float(period)
        found = on.apply(pick, periods, line, found, least=least, below=math.inf if period == high else period + 1.0)
    return found
