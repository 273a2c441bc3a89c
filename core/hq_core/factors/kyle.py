"""Kyle's lambda."""

from __future__ import annotations

import math

from hq_core.book.flags import TRADE
from hq_core.factoring import Duration, factor
from hq_core.factoring.instants import ends
from hq_core.jit import F8, I1, I8, State
from hq_core.kernels.timed import folded, left, oldest
from hq_core.registry import Param


@factor(
    title="Kyle's Lambda",
    inputs="ts code kind side qty mid_px",
    outputs={"kyle": "price a unit of base"},
    params={
        "window": Duration("1m", help="how long a trade counts, closed on the left"),
        "least": Param(10, 1, 1_000_000, "trades in the window that a value needs"),
    },
    window=2,
    state="product square last signed now end at:i8 begun:i8<=1",
    few="too few trades in the window",
    source="Kyle 1985, Continuous auctions and insider trading; Hasbrouck 2009, a regression through the origin",
    oracle="tests/oracles/slow_factors.py",
)
def kyle(
    ts: I8,
    code: I1,
    kind: I1,
    side: I1,
    qty: F8,
    mid_px: F8,
    window: int,
    least: int,
    s: State,
    times: I8,
    ring: F8,
    out: F8,
) -> None:
    """How far the mid moves for a unit that is bought: sum of move * signed quantity over sum of its square.

    A trade's move is that of the mid from before it to before the next trade, at which it is known; before is at the
    end of the instant before.  A trade without a side or without a mid before it has none.

    s     product, square: of what is not folded; last, signed: the mid before the last trade and its signed quantity,
          0 where there is none; now, at: mid and ts of the row before, begun: 1 if there was one; end: the mid at the
          end of the instant before (factoring/instants.py); see kernels/timed.py
    ring  (events, 2)  the products and the squares
    """
    head, mid, tail = s.head, s.mid, s.tail
    product, square, last, signed = s.product, s.square, s.last, s.signed
    now, end, at, begun = s.now, s.end, s.at, s.begun
    mask = len(times) - 1
    old = oldest(times, head, tail)
    for i in range(len(ts)):
        t = ts[i]
        if begun == 0 or ends(t, at, code[i]):
            end = now if begun == 1 else math.nan
            at = t
            begun = 1
        if old < t - window:
            head = left(times, head, tail, t - window)
            if head > mid:
                folded(ring, len(times), 2, head, tail)
                mid = tail
                product = 0.0
                square = 0.0
            old = oldest(times, head, tail)
        if kind[i] == TRADE:
            good = end == end
            if good and signed != 0.0:
                to = tail & mask
                first = (end - last) * signed
                second = signed * signed
                times[to] = t
                ring[2 * to] = first
                ring[2 * to + 1] = second
                product += first
                square += second
                tail += 1
                old = min(old, t)
            last = end if good else 0.0
            signed = side[i] * qty[i] if good else 0.0
        now = mid_px[i]
        value = math.nan
        if tail - head >= least:
            first_at = 2 * (head & mask)
            up = product + (ring[first_at] if head < mid else 0.0)
            value = up / (square + (ring[first_at + 1] if head < mid else 0.0))
        out[i] = value
    s.head, s.mid, s.tail = head, mid, tail
    s.product, s.square, s.last, s.signed = product, square, last, signed
    s.now, s.end, s.at, s.begun = now, end, at, begun
