"""Median Absolute Deviation."""

from __future__ import annotations

import math

from hq_core.compose import Line, Nodes, composite
from hq_core.jit import F8, State, inline, kernel
from hq_core.kernels import order
from hq_core.kernels.order import TREE, is_tree, smallest, sort_in, tree_ring, turn
from hq_core.registry import Param


@inline
def row_of(ring: F8, root: int, place: int) -> float:
    """The row at a place of the order: in a sorted array where root is 0, else in a tree."""
    return smallest(ring, root, place) if root != 0 else ring[place]


@inline
def nearest(ring: F8, root: int, period: int, middle: float, k: int) -> float:
    """The k-th smallest distance from `middle`, k from 0.

    The rows that are at most so far away are neighbours in the order. Further up in it the lowest of k + 1 neighbours
    is nearer and the highest is farther; the distance is where the two change places.
    """
    low = 0
    high = period - 1 - k
    while low < high:
        half = (low + high) >> 1
        if row_of(ring, root, half + k) - middle >= middle - row_of(ring, root, half):
            high = half
        else:
            low = half + 1
    found = max(row_of(ring, root, low + k) - middle, middle - row_of(ring, root, low))
    if low > 0:
        before = max(row_of(ring, root, low + k - 1) - middle, middle - row_of(ring, root, low - 1))
        found = before if before < found else found
    return found


@inline
def spread_of(ring: F8, root: int, period: int) -> float:
    """The median distance of the window's rows from their median."""
    upper = period >> 1
    lower = (period - 1) >> 1
    middle = row_of(ring, root, lower)
    if lower < upper:
        middle += 0.5 * (row_of(ring, root, upper) - middle)
    found = nearest(ring, root, period, middle, lower)
    if lower < upper:
        found += 0.5 * (nearest(ring, root, period, middle, upper) - found)
    return found


@kernel(state="head:i8<period seen:i8<=period bad:i8")
def spread_in_array(close: F8, period: int, s: State, ring: F8, out: F8) -> None:
    """State and ring as in kernels/order.py, sort_in."""
    for i in range(len(close)):
        sort_in(close[i], period, s, ring)
        out[i] = spread_of(ring, 0, period) if s.seen == period and s.bad == 0 else math.nan


@kernel(state=TREE, valid=is_tree)
def spread_in_tree(close: F8, period: int, s: State, ring: F8, out: F8) -> None:
    """State and ring as in kernels/order.py, turn."""
    for i in range(len(close)):
        turn(close[i], period, s, ring, False)
        out[i] = spread_of(ring, s.root, period) if s.seen == period and s.bad == 0 else math.nan


@composite(
    title="Median Absolute Deviation",
    inputs="close",
    outputs={"mad": "unit of the input, >= 0"},
    params={"period": Param(30, 2, 100_000, "rows in the window")},
    source="Hampel 1974, Journal of the American Statistical Association 69(346)",
)
def mad(on: Nodes, close: Line, period: int) -> Line:
    """The median distance of the last `period` rows from their median, which a few wild rows do not move.

    1.4826 of it are a standard deviation where rows are normal. A nan or infinite row makes it nan while it is in the
    window. The mean distance from the mean is `avgdev`.
    """
    small = period <= order.SMALL
    kernel, ring = (spread_in_array, 2 * period) if small else (spread_in_tree, tree_ring(period))
    return on.apply(kernel, close, period=period, ring=ring, warmup=period - 1)
