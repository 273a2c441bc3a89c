"""Weighted mid of several levels."""

from __future__ import annotations

import math

from hq_core.book.events import GOOD
from hq_core.factoring import factor
from hq_core.factoring.levels import levels, pairs, room, valid
from hq_core.jit import F8, I1, I8, State
from hq_core.registry import Param


@factor(
    title="Weighted Mid of Levels",
    inputs="code side tick quality",
    outputs={"wmid": "price"},
    params={"depth": Param(5, 1, 1000, "levels of each side")},
    deep=True,
    state="value",
    ring=lambda depth: room(depth),
    valid=valid,
    steps=True,
    always=True,
    wraps=False,
    source="the micro price (Gatheral and Oomen 2010) of the mean prices and sums of the best levels of each side",
    oracle="tests/oracles/slow_factors.py",
)
def wmid(
    code: I1,
    side: I1,
    tick: I8,
    quality: I1,
    depth: int,
    over: float,
    under: float,
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
    """The mean prices of the best levels, by quantity, each weighted by the whole quantity of the other side.

    s   value: the last one, in ticks of over / under; ring: factoring/levels.py
    """
    i = row[0]
    if levels(code[i], side[i], tick[i], depth, ring, slots, keys, words, held, nslots, nkeys, nwords, at):
        bids = 0.0
        asks = 0.0
        bid = 0.0
        ask = 0.0
        first = ring[pairs(depth, 0)]  # ticks are counted from the best bid: no digits are lost to their size
        for k in range(int(ring[0])):
            here = pairs(depth, 0) + 2 * k
            bids += ring[here + 1]
            bid += (ring[here] - first) * ring[here + 1]
        for k in range(int(ring[1])):
            here = pairs(depth, 1) + 2 * k
            asks += ring[here + 1]
            ask += (ring[here] - first) * ring[here + 1]
        s.value = first + (bid / bids * asks + ask / asks * bids) / (bids + asks)
    out[i] = s.value * over / under if quality[i] == GOOD else math.nan
