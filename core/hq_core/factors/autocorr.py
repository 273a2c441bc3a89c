"""Autocorrelation of signed volume."""

from __future__ import annotations

import math

from hq_core.book.flags import TRADE
from hq_core.factoring import Duration, factor
from hq_core.jit import F8, I1, I8, State
from hq_core.kernels.timed import folded, left, oldest
from hq_core.registry import Param


@factor(
    title="Autocorrelation of Signed Volume",
    inputs="ts kind side qty",
    outputs={"autocorr": "-1..1"},
    params={
        "window": Duration("1m", help="how long a trade counts, closed on the left"),
        "least": Param(10, 2, 1_000_000, "pairs of trades in the window that a value needs"),
    },
    window=3,
    state="both before square last seen:i8<=1",
    few="too few trades in the window",
    source="Hasbrouck 1991, Measuring the information content of stock trades; at lag 1, about 0",
    oracle="tests/oracles/slow_factors.py",
)
def autocorr(
    ts: I8, kind: I1, side: I1, qty: F8, window: int, least: int, s: State, times: I8, ring: F8, out: F8
) -> None:
    """How the signed quantity of a trade goes with that of the one before: sum of products over the root of the product
    of the sums of squares, of the pairs of the last `window`.  Trades without a side are passed over.

    s     both, before, square: of what is not folded; last: the signed quantity before, seen: 1 if there is one; see
          kernels/timed.py
    ring  (events, 3)  the product of each pair, and the squares of the earlier and the later one
    """
    head, mid, tail = s.head, s.mid, s.tail
    both, before, square = s.both, s.before, s.square
    last, seen = s.last, s.seen
    mask = len(times) - 1
    old = oldest(times, head, tail)
    for i in range(len(ts)):
        t = ts[i]
        if old < t - window:
            head = left(times, head, tail, t - window)
            if head > mid:
                folded(ring, len(times), 3, head, tail)
                mid = tail
                both = 0.0
                before = 0.0
                square = 0.0
            old = oldest(times, head, tail)
        if kind[i] == TRADE and side[i] != 0:
            signed = side[i] * qty[i]
            if seen == 1:
                at = tail & mask
                times[at] = t
                ring[3 * at] = last * signed
                ring[3 * at + 1] = last * last
                ring[3 * at + 2] = signed * signed
                both += last * signed
                before += last * last
                square += signed * signed
                tail += 1
                old = min(old, t)
            last = signed
            seen = 1
        value = math.nan
        if tail - head >= least:
            at = 3 * (head & mask)
            x = before + (ring[at + 1] if head < mid else 0.0)
            y = square + (ring[at + 2] if head < mid else 0.0)
            value = (both + (ring[at] if head < mid else 0.0)) / math.sqrt(x * y)
            value = min(max(value, -1.0), 1.0) if value == value else value  # the last digit may go beyond
        out[i] = value
    s.head, s.mid, s.tail = head, mid, tail
    s.both, s.before, s.square = both, before, square
    s.last, s.seen = last, seen
