"""Trades by time, against marks, and the longest silence between two of them; ids are the common check's (order.py)."""

from __future__ import annotations

from hq_core.bars.period import EARLIEST, LATEST
from hq_core.jit import I8, State, inline, kernel

BACK, MARKED, GAP, FAR = 1, 2, 3, 4
FOREVER = 0x7FFFFFFFFFFFFFFF


@inline
def apart(later: int, earlier: int, most: int) -> bool:
    """Whether two instants in order lie more than `most` ns apart, 0 being any distance; it may be beyond int64."""
    return (most > 0) & (earlier <= FOREVER - most) & (later > earlier + most)


@inline
def _wrong(at: int, before: int, max_gap: int) -> int:
    """Why a row cannot follow another, or 0."""
    if at < before:
        return BACK
    return GAP if apart(at, before, max_gap) else 0


@kernel(state="good:i8 why:i8 rows:i8 last:i8 mark:i8 marked:i8")
def check_order(ts: I8, max_gap: int, s: State) -> None:
    """s.good = how many rows from the first on are in order; s.why says what is wrong with the next one.

    max_gap   the longest time without a row, ns; 0 any
    """
    n = len(ts)
    s.why = 0
    good = min(n, 1)
    for i in range(1, n):  # mostly all rows are in order, which is soon seen
        good += ts[i] >= ts[i - 1]
    if max_gap > 0:
        for i in range(1, n):
            good -= apart(ts[i], ts[i - 1], max_gap)
    start = n
    if good < n:
        start = 1
        while start < n:
            s.why = _wrong(ts[start], ts[start - 1], max_gap)
            if s.why:
                break
            start += 1
    if n > 0 and s.rows > 0:  # the first row follows the last one of the batch before
        why = _wrong(ts[0], s.last, max_gap)
        if why:
            start = 0
            s.why = why
    if n > 0 and s.marked and ts[0] < s.mark:
        start = 0
        s.why = MARKED
    if start > 0 and ts[0] < EARLIEST:
        start = 0
    while start > 0 and ts[start - 1] > LATEST:
        start -= 1
    if start < n and (ts[start] < EARLIEST or ts[start] > LATEST):
        s.why = FAR
    s.good = start
    s.rows += start
    if start > 0:
        s.last = ts[start - 1]
