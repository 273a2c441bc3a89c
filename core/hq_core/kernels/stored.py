"""The rows of a store of vectors put in an order of their own."""

from __future__ import annotations

from hq_core.jit import F4, F8, I8, State, kernel


@kernel()
def by_keys(first: I8, second: I8, third: I8, fourth: I8, order: I8, spare: I8) -> None:
    """order: the numbers of the rows, so that the keys rise, the first one first.  spare: room for as many."""
    n = len(order)
    for i in range(n):
        order[i] = i
    width = 1
    while width < n:
        for low in range(0, n, 2 * width):
            middle = min(low + width, n)
            high = min(low + 2 * width, n)
            a = low
            b = middle
            for i in range(low, high):
                left = a < middle
                if left and b < high:
                    p = order[a]
                    q = order[b]
                    if first[p] != first[q]:
                        left = first[p] < first[q]
                    elif second[p] != second[q]:
                        left = second[p] < second[q]
                    elif third[p] != third[q]:
                        left = third[p] < third[q]
                    else:
                        left = fourth[p] <= fourth[q]
                if left:
                    spare[i] = order[a]
                    a += 1
                else:
                    spare[i] = order[b]
                    b += 1
        for i in range(n):
            order[i] = spare[i]
        width *= 2


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
