"""Book pressure."""

from __future__ import annotations

import math

from hq_core.book.events import GOOD
from hq_core.factoring import factor
from hq_core.factoring.levels import levels, pairs, room, valid
from hq_core.jit import F8, I1, I8, State
from hq_core.registry import Param


@factor(
    title="Book Pressure",
    inputs="code side tick quality",
    outputs={"pressure": "-1..1"},
    params={"depth": Param(5, 1, 1000, "levels of each side")},
    deep=True,
    state="value",
    ring=lambda depth: room(depth),
    valid=valid,
    always=True,
    wraps=False,
    source="depth imbalance (Cao, Hansch and Wang 2009) with each level weighted by 1 / its distance from the mid",
    oracle="tests/oracles/slow_factors.py",
)
def pressure(
    code: I1,
    side: I1,
    tick: I8,
    quality: I1,
    depth: int,
    s: State,
    ring: F8,
    slots: I8,
    keys: I8,
    words: I8,
    held: F8,
    nslots: I8,
    nkeys: I8,
    nwords: I8,
    at: I8,
    row: I8,
    out: F8,
) -> None:
    """(bids - asks) / (bids + asks) of quantity / distance from the mid, over the best levels of either side.

    s   value: the last one; ring: factoring/levels.py
    """
    i = row[0]
    if levels(code[i], side[i], tick[i], depth, ring, slots, keys, words, held, nslots, nkeys, nwords, at):
        mid = 0.5 * (ring[pairs(depth, 0)] + ring[pairs(depth, 1)])
        bids = 0.0
        asks = 0.0
        for k in range(int(ring[0])):
            here = pairs(depth, 0) + 2 * k
            bids += ring[here + 1] / (mid - ring[here])
        for k in range(int(ring[1])):
            here = pairs(depth, 1) + 2 * k
            asks += ring[here + 1] / (ring[here] - mid)
        s.value = (bids - asks) / (bids + asks)
    out[i] = s.value if quality[i] == GOOD else math.nan
