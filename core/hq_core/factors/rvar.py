"""Realised variance of the mid price."""

from __future__ import annotations

import math

from hq_core.factoring import Duration, factor
from hq_core.jit import F8, I8, State
from hq_core.kernels.maths.log import ln_ratio
from hq_core.kernels.timed import folded, left, oldest
from hq_core.registry import Param


@factor(
    title="Realised Variance",
    inputs="ts mid_px",
    outputs={"rvar": "0.., of log returns in the window"},
    params={
        "window": Duration("1m", help="how long a move of the mid counts, its ends included"),
        "least": Param(2, 1, 1_000_000, "moves in the window that a value needs"),
    },
    window=1,
    state="squares last",
    few="too few moves of the mid in the window",
    source="Andersen, Bollerslev, Diebold and Labys 2003, Modeling and forecasting realized volatility",
    oracle="tests/oracles/slow_factors.py",
)
def rvar(ts: I8, mid_px: F8, window: int, least: int, s: State, times: I8, ring: F8, out: F8) -> None:
    """The sum of the squared log returns of the mid, from move to move, in the last `window`.

    While the book is not good there is no mid; the next one begins anew.

    s     squares: of what is not folded; last: the mid before, 0 where there is none; see kernels/timed.py
    ring  (events, 1)  the squares
    """
    head, mid, tail = s.head, s.mid, s.tail
    squares, last = s.squares, s.last
    mask = len(times) - 1
    old = oldest(times, head, tail)
    for i in range(len(ts)):
        t = ts[i]
        if old < t - window:
            head = left(times, head, tail, t - window)
            if head > mid:
                folded(ring, len(times), 1, head, tail)
                mid = tail
                squares = 0.0
            old = oldest(times, head, tail)
        now = mid_px[i]
        good = now == now
        if good and now != last and last > 0.0 and now > 0.0:
            move = ln_ratio(now, last)
            at = tail & mask
            times[at] = t
            ring[at] = move * move
            squares += move * move
            tail += 1
            old = min(old, t)
        last = now if good else 0.0
        value = math.nan
        if good and tail - head >= least:
            value = squares + (ring[head & mask] if head < mid else 0.0)
        out[i] = value
    s.head, s.mid, s.tail = head, mid, tail
    s.squares, s.last = squares, last
