"""Slope of the book."""

from __future__ import annotations

import math

from hq_core.book.events import GOOD
from hq_core.factoring import factor
from hq_core.factoring.levels import levels, pairs, room, valid
from hq_core.jit import F8, I1, I8, State, inline
from hq_core.kernels.maths.log import ln
from hq_core.registry import Param


@inline
def side_slope(ring: F8, start: int, count: int, mid: float) -> float:
    """Of one side: the mean over its levels of how much the log of the cumulated quantity grows for a move of price."""
    total = 0.0
    held = 0.0
    before = 0.0
    price = mid
    for k in range(count):
        now = ring[start + 2 * k]
        held += ring[start + 2 * k + 1]
        volume = ln(1.0 + held)
        grows = volume if k == 0 else volume / before - 1.0
        total += grows / abs(now / price - 1.0)
        before = volume
        price = now
    return total / count


@factor(
    title="Slope of the Book",
    inputs="code side tick quality",
    outputs={"slope": "0.., log quantity a unit of return", "bid": "the same", "ask": "the same"},
    params={"depth": Param(5, 1, 1000, "levels of each side")},
    deep=True,
    state="bid ask",
    ring=lambda depth: room(depth),
    valid=valid,
    few="a price of 0 or below",
    wraps=False,
    source="Naes and Skjeltorp 2006, Order book characteristics and the volume-volatility relation, equations 1 and 2",
    oracle="tests/oracles/slow_factors.py",
)
def slope(
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
    bid: F8,
    ask: F8,
) -> None:
    """The mean elasticity of quantity to price of the best levels: of both sides, of the bids, of the asks.

    The log is that of 1 + quantity, as a quantity of a base may lie below 1.

    s   bid, ask: the last ones; ring: factoring/levels.py
    """
    i = row[0]
    if levels(code[i], side[i], tick[i], depth, ring, slots, keys, words, held, nslots, nkeys, nwords, at):
        s.bid = math.nan
        s.ask = math.nan
        mid = 0.5 * (ring[pairs(depth, 0)] + ring[pairs(depth, 1)])
        if ring[0] > 0.0 and ring[1] > 0.0 and ring[pairs(depth, 0) + 2 * (int(ring[0]) - 1)] > 0.0:
            s.bid = side_slope(ring, pairs(depth, 0), int(ring[0]), mid)
            s.ask = side_slope(ring, pairs(depth, 1), int(ring[1]), mid)
    good = quality[i] == GOOD
    out[i] = 0.5 * (s.bid + s.ask) if good else math.nan
    bid[i] = s.bid if good else math.nan
    ask[i] = s.ask if good else math.nan
