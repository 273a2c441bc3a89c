"""Percent Rank."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, State, kernel
from hq_core.kernels.order import NO_SIGN, TREE, count_below, how_many_below, is_tree, tree_ring, turn
from hq_core.registry import Param

SMALL = 2048  # rows up to which counting is faster than a tree


@kernel(state="head:i8<period seen:i8<=period bad:i8")
def rank_by_count(close: F8, period: int, s: State, ring: F8, out: F8) -> None:
    """Count the smaller rows of each window, two a step; in the batch if it lies there, as reading from the ring what
    has just been written waits.

    s     head: where the oldest row is; seen: rows so far, up to period; bad: rows in the window that are not finite
    ring  (period,)  the last rows
    """
    head = max(s.head, 0)  # it is never below 0; said here, indexing tests no signs
    seen = s.seen
    bad = s.bad
    for i in range(len(close)):
        value = close[i]
        before = ring[head]
        below = 0
        if i < period:
            below = how_many_below(ring, period, value)
        else:
            for j in range(period):
                below += 1 if close[(i - period + j) & NO_SIGN] < value else 0
        known = value - value == 0.0
        out[i] = 100.0 * below / period if known & (seen == period) & (bad == 0) else math.nan
        bad += (0 if known else 1) - (0 if before - before == 0.0 else 1)
        seen += 1 if seen < period else 0
        ring[head] = value
        head = head + 1 if head + 1 < period else 0
    s.head = head
    s.seen = seen
    s.bad = bad


@kernel(state=TREE, valid=is_tree)
def rank_in_tree(close: F8, period: int, s: State, ring: F8, out: F8) -> None:
    """State and ring as in kernels/order.py, turn."""
    for i in range(len(close)):
        value = close[i]
        known = (value - value == 0.0) & (s.seen == period) & (s.bad == 0)
        out[i] = 100.0 * count_below(ring, s.root, value) / period if known else math.nan
        turn(value, period, s, ring, False)


@composite(
    title="Percent Rank",
    inputs="close",
    outputs={"percentrank": "0..100"},
    params={"period": Param(100, 2, 100_000, "rows before this one")},
    source="definition: share of the n values before that are smaller",
    talib="PERCENTRANK",
)
def percentrank(on: Nodes, close: Line, period: int) -> Line:
    """How many of the `period` rows before this one are below it, in percent; equal ones are not, as TA-Lib.

    A nan or infinite row gives nan, and so do the `period` rows after it.
    """
    small = period <= SMALL
    kernel, ring = (rank_by_count, period) if small else (rank_in_tree, tree_ring(period))
    return on.apply(kernel, close, period=period, ring=ring, warmup=period)
