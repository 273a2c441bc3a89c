"""The best levels of both sides, kept by factors that look behind the best prices.

Such a factor is called at each event by the book pass.  It keeps in its ring what it last saw of each side and looks
again only where an event has touched that: most do not.  A side is 0 (bids) or 1 (asks); ring:
    0 1   levels that are laid down    2 3   place of the best one    4 5   place of the last one
    6 ... pairs of tick and quantity, best first: `n` of the bids, then `n` of the asks
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.book.ladder import BEST, PAGE, found, highest, page_below, place_of, tick_of
from hq_core.book.touched import concerns
from hq_core.jit import F8, I8, inline

if TYPE_CHECKING:
    from collections.abc import Mapping

HEAD = 6


def room(n: int) -> int:
    """float64 of a ring for n levels a side."""
    return HEAD + 4 * n


def valid(fields: Mapping[str, Any], given: Mapping[str, int], ring: Any) -> bool:
    """Whether a ring that comes from a state says of no more levels than it has room for."""
    most = (len(ring) - HEAD) // 4
    return all(0 <= ring[x] <= most for x in (0, 1))


@inline
def pairs(n: int, x: int) -> int:
    """Where the pairs of a side begin."""
    return HEAD + 2 * n * x


@inline
def levels(
    event: int,
    side: int,
    tick: int,
    n: int,
    ring: F8,
    slots: I8,
    keys: I8,
    words: I8,
    held: F8,
    nslots: I8,
    nkeys: I8,
    nwords: I8,
    at: I8,
) -> bool:
    """Keep the n best levels of either side in the ring; whether an event has changed them."""
    changed = False
    for x in range(2):
        best = at[BEST + x]
        mine = (side > 0) == (x == 0)
        if concerns(event, mine, place_of(x, tick), best, ring[2 + x], ring[4 + x], ring[x] >= n):
            changed = True
            to = pairs(n, x)
            count = 0
            place = best
            page = best >> PAGE
            word = 0
            p = 0
            if best >= 0:
                p = found(slots, keys, page)
                word = words[p] & ((2 << (best & 63)) - 1)
            while place >= 0 and count < n:
                if word == 0:
                    page = page_below(nslots, nkeys, nwords, page)
                    if page < 0:
                        break
                    p = found(slots, keys, page)
                    word = words[p]
                bit = highest(word)
                word &= ~(1 << bit)
                place = page << PAGE | bit
                ring[to + 2 * count] = float(tick_of(place))
                ring[to + 2 * count + 1] = held[p << PAGE | bit]
                count += 1
            ring[x] = float(count)
            ring[2 + x] = float(best)
            ring[4 + x] = float(place)
    return changed


@inline
def near(slots: I8, keys: I8, held: F8, best: int, n: int) -> float:
    """The quantity of the n ticks of a side from its best place on, best first; 0 of a side that is empty."""
    total = 0.0
    place = best
    last = best - n + 1
    while place >= last and best >= 0:
        p = found(slots, keys, place >> PAGE)
        here = min(place - last, place & 63) + 1
        if p >= 0:
            first = p << PAGE | (place & 63)
            for k in range(here):
                total += held[first - k]
        place -= here
    return total
