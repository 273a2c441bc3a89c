"""Rows in an order of their own, by keys."""

from __future__ import annotations

from hq_core.jit import F8, I8, inline

SHORT = 8  # rows that are put in order by moving each where it belongs


@inline
def behind(one: bool, first: F8 | I8, second: F8 | I8, third: F8 | I8, fourth: F8 | I8, a: int, b: int) -> bool:
    """Whether row a belongs behind row b: by the first key in which they differ, or the first one alone."""
    if one or first[a] != first[b]:
        return first[a] > first[b]
    if second[a] != second[b]:
        return second[a] > second[b]
    if third[a] != third[b]:
        return third[a] > third[b]
    return fourth[a] > fourth[b]


@inline
def in_order(
    one: bool, first: F8 | I8, second: F8 | I8, third: F8 | I8, fourth: F8 | I8, m: int, index: I8, spare: I8
) -> None:
    """Put index[:m] in order, rows that are alike as they come (a merge sort).  one: by the first key alone."""
    for start in range(0, m, SHORT):
        for i in range(start + 1, min(start + SHORT, m)):
            row = index[i]
            k = i
            while k > start and behind(one, first, second, third, fourth, index[k - 1], row):
                index[k] = index[k - 1]
                k -= 1
            index[k] = row
    width = SHORT
    while width < m:
        for start in range(0, m, 2 * width):
            middle = min(start + width, m)
            stop = min(start + 2 * width, m)
            a, b = start, middle
            for k in range(start, stop):
                if b >= stop or (a < middle and not behind(one, first, second, third, fourth, index[a], index[b])):
                    spare[k] = index[a]
                    a += 1
                else:
                    spare[k] = index[b]
                    b += 1
        for k in range(m):
            index[k] = spare[k]
        width *= 2
