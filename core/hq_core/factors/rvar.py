"""Realised variance of the mid price."""

from __future__ import annotations

import math

from hq_core.factoring import Duration, factor
from hq_core.factoring.instants import GOOD_BOOK, NO_BOOK, ends, left_behind
from hq_core.jit import F8, I1, I8, State
from hq_core.kernels.maths.log import ln_ratio
from hq_core.kernels.timed import folded, left, oldest
from hq_core.registry import Param


@factor(
    title="Realised Variance",
    inputs="ts code mid_px quality",
    outputs={"rvar": "0.., of log returns in the window"},
    params={
        "window": Duration("1m", help="how long a move of the mid counts, closed on the left"),
        "least": Param(2, 1, 1_000_000, "moves in the window that a value needs"),
    },
    window=1,
    state="squares last now at:i8 was:i8<=2",
    few="too few moves of the mid in the window",
    source="Andersen, Bollerslev, Diebold and Labys 2003, Modeling and forecasting realized volatility",
    oracle="tests/oracles/slow_factors.py",
)
def rvar(
    ts: I8, code: I1, mid_px: F8, quality: I1, window: int, least: int, s: State, times: I8, ring: F8, out: F8
) -> None:
    """The sum of the squared log returns of the mid from the end of an instant to that of a later one.

    A move belongs to the instant at whose end the mid is another one, and is known from the first event behind that on.
    Where the book is crossed or lacks a side at an end, the next good one is compared with the last good one; where it
    is not known, or the mid is not above 0, the next one begins anew.

    s     squares: of what is not folded; last: the mid at the last good end, 0: none; now, at, was: mid, ts and book of
          the row before (factoring/instants.py); see kernels/timed.py
    ring  (events, 1)  the squares
    """
    head, mid, tail = s.head, s.mid, s.tail
    squares, last, now, at, was = s.squares, s.last, s.now, s.at, s.was
    mask = len(times) - 1
    old = oldest(times, head, tail)
    for i in range(len(ts)):
        t = ts[i]
        if ends(t, at, code[i]):
            if was == GOOD_BOOK:
                if now != last and last > 0.0 and now > 0.0:
                    move = ln_ratio(now, last)
                    to = tail & mask
                    times[to] = at
                    ring[to] = move * move
                    squares += move * move
                    tail += 1
                    old = min(old, at)
                last = max(now, 0.0)
            elif was == NO_BOOK:
                last = 0.0
            at = t
        if old < t - window:
            head = left(times, head, tail, t - window)
            if head > mid:
                folded(ring, len(times), 1, head, tail)
                mid = tail
                squares = 0.0
            old = oldest(times, head, tail)
        now = mid_px[i]
        was = left_behind(quality[i])
        value = math.nan
        if was == GOOD_BOOK and tail - head >= least:
            value = squares + (ring[head & mask] if head < mid else 0.0)
        out[i] = value
    s.head, s.mid, s.tail = head, mid, tail
    s.squares, s.last, s.now, s.at, s.was = squares, last, now, at, was
