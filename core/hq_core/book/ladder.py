"""Both sides of a book as one set of whole numbers, with a quantity at each: what a kernel keeps of it, and how.

A level is a place: its side in bit 48, below it how good the price is, in ticks, so that on either side the best
level is the highest place.  64 places are a page: their quantities, and a word of which levels are there.  Pages lie in
a table by their numbers; above them stands a tree of such words, of 64 branches each, in which the next page that is
not empty is found however far it is.  So nothing is said of where prices may lie, and no step takes longer the more
levels there are.  Places of a page that has become empty are all 0, and it stays where it is.

The tables of a book (book.py makes them):
    at      (NUMBERS,) whole numbers of the book, as they stand below
    slots   (2^k,)  place of a page, plus 1, by its number (open addressing);  keys  (pages,) their numbers
    words   (pages,) which levels are there;  held  (64 * pages,) quantities
    nslots, nkeys, nwords   the same of the tree
"""

from __future__ import annotations

from hq_core.jit import F8, I8, apart, bits_of, inline, upper_product

PAGE = 6  # bits of a place inside its page
DEPTH_BITS = 48  # of a place, without its side
ROOT = 7  # the level of the tree that has one node a side
MIDDLE = 1 << (DEPTH_BITS - 1)
MOST_TICK = MIDDLE - 1  # of a price
ASK = 1 << DEPTH_BITS
PLACES = ASK - 1  # the bits of a place without its side
NONE = -1

# places in `at`: pages and nodes in use; per side, bids first, the best level and the highest one, which may be
# beyond the best of the other side; whether the book is known; orders that stand, that came twice, that were not there
PAGES, NODES, BEST, TOP, STATE, ORDERS, TWICE, MISSING, NUMBERS = 0, 1, 2, 4, 6, 7, 8, 9, 10
KNOWN, UNKNOWN = 0, 1  # STATE
HASH = 0x1E3779B97F4A7C15  # 2^64 over the golden ratio, without its top bits (Knuth, TAOCP 3, 6.4)


@inline
def highest(word: int) -> int:
    """Its highest bit; of a word that is not 0."""
    if word < 0:
        return 63
    return (bits_of(float(word & ~(word >> 1))) >> 52) - 1023  # without the next bit it is not rounded up


@inline
def hashed(key: int, mask: int) -> int:
    return upper_product((key ^ key >> 29) << 14, HASH) & mask  # a product beyond 64 bits would be undefined


@inline
def place_of(side: int, tick: int) -> int:
    """side: 0 bid, 1 ask."""
    return MIDDLE + tick if side == 0 else ASK + MIDDLE - tick


@inline
def tick_of(place: int) -> int:
    return place - MIDDLE if place < ASK else ASK + MIDDLE - place


@inline
def found(slots: I8, keys: I8, key: int) -> int:
    """Where the page or node of this number lies; NONE if there is none."""
    mask = len(slots) - 1
    h = hashed(key, mask)
    while slots[h] != 0:
        p = slots[h] - 1
        if keys[p] == key:
            return p
        h = (h + 1) & mask
    return NONE


@apart
def made(slots: I8, keys: I8, at: I8, which: int, key: int) -> int:
    """A further page or node, which is not there and for which there is room."""
    mask = len(slots) - 1
    h = hashed(key, mask)
    while slots[h] != 0:
        h = (h + 1) & mask
    p = at[which]
    at[which] = p + 1
    slots[h] = p + 1
    keys[p] = key
    return p


@apart
def fill_page(nslots: I8, nkeys: I8, nwords: I8, at: I8, page: int) -> None:
    """A page has its first level: the tree knows it from here on."""
    for level in range(1, ROOT + 1):
        bit = page & 63
        page >>= 6
        node = found(nslots, nkeys, page | level << DEPTH_BITS)
        if node < 0:
            node = made(nslots, nkeys, at, NODES, page | level << DEPTH_BITS)
        was = nwords[node]
        nwords[node] = was | 1 << bit
        if was != 0:
            return


@apart
def empty_page(nslots: I8, nkeys: I8, nwords: I8, page: int) -> None:
    """A page has lost its last level."""
    for level in range(1, ROOT + 1):
        bit = page & 63
        page >>= 6
        node = found(nslots, nkeys, page | level << DEPTH_BITS)
        nwords[node] &= ~(1 << bit)
        if nwords[node] != 0:
            return


@apart
def page_below(nslots: I8, nkeys: I8, nwords: I8, page: int) -> int:
    """The next page of its side that is not empty; NONE if there is none."""
    for level in range(1, ROOT + 1):
        bit = page & 63
        page >>= 6
        node = found(nslots, nkeys, page | level << DEPTH_BITS)
        if node < 0:
            continue
        word = nwords[node] & ((1 << bit) - 1)
        if word != 0:
            page = page << 6 | highest(word)
            for lower in range(level - 1, 0, -1):
                page = page << 6 | highest(nwords[found(nslots, nkeys, page | lower << DEPTH_BITS)])
            return page
    return NONE


@inline
def below(slots: I8, keys: I8, words: I8, nslots: I8, nkeys: I8, nwords: I8, place: int) -> int:
    """The next worse level of its side; NONE if there is none."""
    page = place >> PAGE
    p = found(slots, keys, page)
    if p >= 0:
        word = words[p] & ((1 << (place & 63)) - 1)
        if word != 0:
            return page << PAGE | highest(word)
    page = page_below(nslots, nkeys, nwords, page)
    if page < 0:
        return NONE
    return page << PAGE | highest(words[found(slots, keys, page)])


@inline
def nearest(value: float) -> float:
    """The nearest whole number, of two the even one; below 2^51."""
    return (value + 6755399441055744.0) - 6755399441055744.0  # 1.5 * 2^52: no bit behind the point is left


@inline
def quantity(slots: I8, keys: I8, held: F8, place: int) -> float:
    """What is there; 0 where no level is."""
    p = found(slots, keys, place >> PAGE)
    return held[p << PAGE | place & 63] if p >= 0 else 0.0


@inline
def put(
    slots: I8, keys: I8, words: I8, held: F8, nslots: I8, nkeys: I8, nwords: I8, at: I8, place: int, qty: float
) -> float:
    """The level has this quantity, above 0, from here on: what it had before.

    Where it is better than the best of its side it is the best, and levels of the other side that it meets are passed
    over: what was told last holds.
    """
    side = place >> DEPTH_BITS
    page = place >> PAGE
    p = found(slots, keys, page)
    if p < 0:
        p = made(slots, keys, at, PAGES, page)
    bit = place & 63
    before = held[p << PAGE | bit]
    held[p << PAGE | bit] = qty
    if before == 0.0:
        if words[p] == 0:
            fill_page(nslots, nkeys, nwords, at, page)
        words[p] |= 1 << bit
    if place > at[BEST + side]:
        at[BEST + side] = place
        if place > at[TOP + side]:
            at[TOP + side] = place
        other = at[BEST + 1 - side]
        if other >= 0 and (other & PLACES) + (place & PLACES) >= ASK:
            meets = ((1 - side) << DEPTH_BITS) + ASK - (place & PLACES)
            at[BEST + 1 - side] = below(slots, keys, words, nslots, nkeys, nwords, meets)
    return before


@inline
def take(slots: I8, keys: I8, words: I8, held: F8, nslots: I8, nkeys: I8, nwords: I8, at: I8, place: int) -> float:
    """The level is gone: what it had."""
    side = place >> DEPTH_BITS
    page = place >> PAGE
    p = found(slots, keys, page)
    if p < 0:
        return 0.0
    bit = place & 63
    before = held[p << PAGE | bit]
    if before == 0.0:
        return 0.0
    held[p << PAGE | bit] = 0.0
    words[p] &= ~(1 << bit)
    if words[p] == 0:
        empty_page(nslots, nkeys, nwords, page)
    if place == at[BEST + side] or place == at[TOP + side]:
        then = below(slots, keys, words, nslots, nkeys, nwords, place)
        if place == at[BEST + side]:
            at[BEST + side] = then
        if place == at[TOP + side]:
            at[TOP + side] = then
    return before


@apart
def clear(
    slots: I8, keys: I8, words: I8, held: F8, nslots: I8, nkeys: I8, nwords: I8, at: I8, side: int, upto: int
) -> None:
    """The levels of a side from the best down to a place are gone."""
    while at[TOP + side] >= upto and at[TOP + side] >= 0:
        take(slots, keys, words, held, nslots, nkeys, nwords, at, at[TOP + side])
