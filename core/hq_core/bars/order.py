"""The order of trades, (ts, id), and the longest silence between two of them."""
from __future__ import annotations

from hq_core.jit import I8, State, inline, kernel

BACK, ID_BACK, MARKED, GAP = 1, 2, 3, 4
FOREVER = 0x7FFFFFFFFFFFFFFF


@inline
def _follows(step: int, id: I8, i: int, tidy: int) -> bool:
    if step == 0:
        return len(id) == 0 or id[i] >= id[i - 1]
    return 0 < step <= tidy


@inline
def _explain(step: int, tidy: int, s: State) -> None:
    s.by = abs(step)
    s.why = BACK if step < 0 else (GAP if step > tidy else ID_BACK)


@kernel(state="good:i8 why:i8 rows:i8 last:i8 last_id:i8 mark:i8 marked:i8 by:i8")
def check_order(ts: I8, id: I8, max_gap: int, s: State) -> None:
    """s.good = how many rows from the first on are in order; s.why says what is wrong with the next one.

    id        (n,) breaks ties of ts; or empty
    max_gap   the longest time without a row, ns; 0 any
    """
    n = len(ts)
    s.why = 0
    tidy = max_gap if max_gap > 0 else FOREVER
    good = min(n, 1)
    if len(id) == 0:                        # mostly all rows are in order, which is soon seen
        for i in range(1, n):
            step = ts[i] - ts[i - 1]
            good += (step >= 0) & (step <= tidy)
    else:
        for i in range(1, n):
            step = ts[i] - ts[i - 1]
            good += ((step > 0) & (step <= tidy)) | ((step == 0) & (id[i] >= id[i - 1]))
    start = n
    if good < n:
        start = 1
        while _follows(ts[start] - ts[start - 1], id, start, tidy):
            start += 1
        _explain(ts[start] - ts[start - 1], tidy, s)
    if n > 0 and s.rows > 0:                # the first row follows the last one of the batch before
        step = ts[0] - s.last
        back = step == 0 and len(id) > 0 and id[0] < s.last_id
        if step < 0 or step > tidy or back:
            start = 0
            _explain(step, tidy, s)
    if n > 0 and s.marked and ts[0] < s.mark:
        start = 0
        s.why = MARKED
        s.by = s.mark - ts[0]
    s.good = start
    s.rows += start
    if start > 0:
        s.last = ts[start - 1]
        if len(id) > 0:
            s.last_id = id[start - 1]
