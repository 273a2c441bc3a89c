"""Rate of trades."""

from __future__ import annotations

from hq_core.book.flags import TRADE
from hq_core.factoring import Duration, factor
from hq_core.jit import F8, I1, I8, State
from hq_core.kernels.timed import left


@factor(
    title="Rate of Trades",
    inputs="ts kind",
    outputs={"trade_rate": "0.., a second"},
    params={"window": Duration("1s", help="how long a trade counts, closed on the left")},
    window=1,
    source="definition: trades in the window / its length",
    oracle="tests/oracles/slow_factors.py",
)
def trade_rate(ts: I8, kind: I1, window: int, s: State, times: I8, ring: F8, out: F8) -> None:
    """How many trades a second there were in the last `window`.  s: see kernels/timed.py."""
    head, tail = s.head, s.tail
    mask = len(times) - 1
    seconds = window * 1e-9
    for i in range(len(ts)):
        if kind[i] == TRADE:
            times[tail & mask] = ts[i]
            tail += 1
        head = left(times, head, tail, ts[i] - window)
        out[i] = (tail - head) / seconds
    s.head, s.mid, s.tail = head, head, tail
