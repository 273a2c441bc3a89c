"""The order of trades, (ts, id), and the longest silence between two of them."""
from __future__ import annotations

from hq_core.jit import I8, State, kernel

BACK, ID_BACK, MARKED, GAP = 1, 2, 3, 4
BLOCK = 256


@kernel(state="good:i8 why:i8 rows:i8 last:i8 last_id:i8 mark:i8 marked:i8 by:i8")
def check_order(ts: I8, id: I8, max_gap: int, s: State) -> None:
    """s.good = how many rows from the first on are in order; s.why says what is wrong with the next one.

    id        (n,) breaks ties of ts; or empty
    max_gap   the longest time without a row, ns; 0 any
    """
    n = len(ts)
    s.why = 0
    start = 0
    tidy = max_gap if max_gap > 0 else 0x7FFFFFFFFFFFFFFF
    while start < n:
        stop = min(start + BLOCK, n)
        if start > 0 and stop - start == BLOCK:         # most blocks are in order, which is soon seen
            good = 0
            if len(id) == 0:
                for k in range(BLOCK):
                    step = ts[start + k] - ts[start + k - 1]
                    good += (step >= 0) & (step <= tidy)
            else:
                for k in range(BLOCK):
                    step = ts[start + k] - ts[start + k - 1]
                    tie = (step == 0) & (id[start + k] >= id[start + k - 1])
                    good += ((step > 0) & (step <= tidy)) | tie
            if good == BLOCK:
                start = stop
                continue
        for i in range(start, stop):
            before = ts[i - 1] if i > 0 else s.last
            step = ts[i] - before
            if s.rows + i > 0:
                if step < 0:
                    s.why = BACK
                    s.by = -step
                elif len(id) > 0 and step == 0 and id[i] < (id[i - 1] if i > 0 else s.last_id):
                    s.why = ID_BACK
                elif step > tidy:
                    s.why = GAP
                    s.by = step
            if s.marked and i == 0 and ts[0] < s.mark:
                s.why = MARKED
                s.by = s.mark - ts[0]
            if s.why:
                start = i
                break
        if s.why:
            break
        start = stop
    s.good = start
    s.rows += start
    if start > 0:
        s.last = ts[start - 1]
        if len(id) > 0:
            s.last_id = id[start - 1]
