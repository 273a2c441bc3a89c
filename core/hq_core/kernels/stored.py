"""The rows of a store of vectors put in an order of their own."""

from __future__ import annotations

from hq_core.jit import F4, F8, I8, State, kernel
from hq_core.kernels.sorting import in_order


@kernel()
def by_keys(first: I8, second: I8, third: I8, fourth: I8, order: I8, spare: I8) -> None:
    """order: the numbers of the rows, so that the keys rise, the first one first.  spare: room for as many."""
    n = len(order)
    for i in range(n):
        order[i] = i
    in_order(False, first, second, third, fourth, n, order, spare)


@kernel()
def in_turn(order: I8, values: I8, out: I8) -> None:
    for i in range(len(order)):
        out[i] = values[order[i]]


@kernel()
def labels_in_turn(order: I8, values: F8, out: F8) -> None:
    for i in range(len(order)):
        out[i] = values[order[i]]


@kernel()
def vectors_in_turn(order: I8, values: F4, length: int, out: F4) -> None:
    for i in range(len(order)):
        at = order[i] * length
        for j in range(length):
            out[i * length + j] = values[at + j]


@kernel(state="twin:i8")
def ranked(order: I8, ts: I8, ids: I8, symbols: I8, s: State, rank: I8) -> None:
    """rank: of each row its place in `order`.  s.twin: a place whose row has the keys of the one before; 0: none."""
    s.twin = 0
    for i in range(len(order)):
        p = order[i]
        rank[p] = i
        if i > 0:
            q = order[i - 1]
            if ts[p] == ts[q] and ids[p] == ids[q] and symbols[p] == symbols[q]:
                s.twin = i
