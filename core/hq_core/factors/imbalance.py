"""Depth imbalance."""

from __future__ import annotations

import math

from hq_core.book.events import GOOD
from hq_core.book.ladder import BEST, place_of
from hq_core.book.touched import of_level, of_none
from hq_core.factoring import factor
from hq_core.factoring.levels import levels, near, pairs, room, valid
from hq_core.jit import F8, I1, I8, State
from hq_core.registry import Param


@factor(
    title="Depth Imbalance",
    inputs="code side tick quality",
    outputs={"imbalance": "-1..1"},
    params={
        "ticks": Param(5, 1, 1000, "price steps from the best one on that are looked at, with a level or without"),
        "levels": Param(0, 0, 1000, "best levels in their place; 0: by ticks"),
    },
    either=("ticks", "levels"),
    deep=True,
    state="value bids asks bid:i8 ask:i8",
    ring=lambda ticks, levels: room(levels or 1),
    valid=valid,
    label=lambda ticks, levels: f"imbalance_levels_{levels}" if levels else f"imbalance_{ticks}",
    always=True,
    wraps=False,
    source="Cao, Hansch and Wang 2009, The information content of an open limit-order book",
    oracle="tests/oracles/slow_factors.py",
)
def imbalance(
    code: I1,
    side: I1,
    tick: I8,
    quality: I1,
    ticks: int,
    levels_: int,
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
    """(bids - asks) / (bids + asks) of the quantities near the best prices.

    s     value: the last one; by ticks, bids, asks: the quantities, bid, ask: places of the best prices, as last seen
    ring  by levels, see factoring/levels.py
    """
    i = row[0]
    event = code[i]
    if levels_ > 0:
        if levels(event, side[i], tick[i], levels_, ring, slots, keys, words, held, nslots, nkeys, nwords, at):
            bids = 0.0
            asks = 0.0
            for k in range(int(ring[0])):
                bids += ring[pairs(levels_, 0) + 2 * k + 1]
            for k in range(int(ring[1])):
                asks += ring[pairs(levels_, 1) + 2 * k + 1]
            s.value = (bids - asks) / (bids + asks)
    elif not of_none(event):
        level = of_level(event)
        bids = level and side[i] > 0
        place = place_of(0 if bids else 1, tick[i])
        bid = at[BEST]
        ask = at[BEST + 1]
        up = bid != s.bid or (bids and place > bid - ticks) or not level
        down = ask != s.ask or (not bids and place > ask - ticks) or not level
        if up:
            s.bid = bid
            s.bids = near(slots, keys, held, bid, ticks)
        if down:
            s.ask = ask
            s.asks = near(slots, keys, held, ask, ticks)
        if up or down:
            s.value = (s.bids - s.asks) / (s.bids + s.asks)
    out[i] = s.value if quality[i] == GOOD else math.nan
