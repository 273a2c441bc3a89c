"""Volume synchronised probability of informed trading."""

from __future__ import annotations

import math

from hq_core.book.flags import TRADE
from hq_core.factoring import factor
from hq_core.jit import F8, I1, State
from hq_core.kernels.maths.modulo import modulo
from hq_core.kernels.window import fold
from hq_core.registry import Param


@factor(
    title="Volume Synchronised Probability of Informed Trading",
    inputs="kind side qty",
    outputs={"vpin": "0..1"},
    params={
        "volume": Param(100.0, 1e-12, 1e15, "of a bucket, base"),
        "buckets": Param(50, 1, 10_000, "of which it is the mean"),
    },
    state="filled delta sum head:i8<buckets seen:i8<=buckets",
    ring=lambda volume, buckets: buckets,
    few="too few trades for as many buckets",
    named=2,
    source="Easley, Lopez de Prado and O'Hara 2012, Flow toxicity and liquidity; with the sides that trades tell",
    oracle="tests/oracles/slow_factors.py",
)
def vpin(kind: I1, side: I1, qty: F8, volume: float, buckets: int, s: State, ring: F8, out: F8) -> None:
    """The mean over the last buckets of |bought - sold| / volume; a trade fills as many as it has quantity for.

    Trades without a side fill no bucket.

    s     filled, delta: of the bucket that is being filled; sum: of the buckets of this lap (kernels/window.py),
          head: how many they are; seen: buckets so far, up to `buckets`
    ring  (buckets,)  |bought - sold| of each
    """
    filled, delta, total, head, seen = s.filled, s.delta, s.sum, s.head, s.seen
    share = 1.0 / (volume * buckets)
    if not 0.0 <= filled <= volume:  # no run leaves that
        filled = 0.0
    for i in range(len(kind)):
        if kind[i] == TRADE and side[i] != 0 and qty[i] > 0.0:
            rest = qty[i]
            if rest > (buckets + 2) * volume:  # of which all but the last ones would have left again
                rest = (buckets + 2) * volume + modulo(rest, volume)
            while rest >= volume - filled:
                part = volume - filled
                rest -= part
                one = abs(delta + side[i] * part)
                total += one
                ring[head] = one
                head += 1
                if head == buckets:
                    fold(ring, buckets)
                    head = 0
                    total = 0.0
                seen = min(seen + 1, buckets)
                filled = 0.0
                delta = 0.0
            filled += rest
            delta += side[i] * rest
        out[i] = min((total + ring[head]) * share, 1.0) if seen == buckets else math.nan
    s.filled, s.delta, s.sum, s.head, s.seen = filled, delta, total, head, seen
