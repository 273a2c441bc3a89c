"""Rate of cancellations."""

from __future__ import annotations

from hq_core.book.flags import DEPTH
from hq_core.factoring import Duration, factor
from hq_core.jit import F8, I1, I8, State
from hq_core.kernels.timed import left


@factor(
    title="Rate of Cancellations",
    inputs="ts kind prev_qty qty",
    outputs={"cancel_rate": "0.., a second"},
    params={"window": Duration("1s", help="how long a fall counts, closed on the left")},
    window=1,
    source="definition: falls of a level's quantity in the window / its length; in books by level also by trades",
    oracle="tests/oracles/slow_factors.py",
)
def cancel_rate(ts: I8, kind: I1, prev_qty: F8, qty: F8, window: int, s: State, times: I8, ring: F8, out: F8) -> None:
    """How often a second the quantity of a level fell in the last `window`.  s: see kernels/timed.py."""
    head, tail = s.head, s.tail
    mask = len(times) - 1
    seconds = window * 1e-9
    for i in range(len(ts)):
        if kind[i] == DEPTH and qty[i] < prev_qty[i]:
            times[tail & mask] = ts[i]
            tail += 1
        head = left(times, head, tail, ts[i] - window)
        out[i] = (tail - head) / seconds
    s.head, s.mid, s.tail = head, head, tail
