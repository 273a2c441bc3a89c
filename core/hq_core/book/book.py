"""The memory of one book: it grows before the events of a batch, and is saved as its levels and orders."""

from __future__ import annotations

import math
from array import array
from typing import TYPE_CHECKING, Any

from hq_core.book.ladder import (
    ASK,
    BEST,
    DEPTH_BITS,
    MISSING,
    NODES,
    NONE,
    NUMBERS,
    ORDERS,
    PAGE,
    PAGES,
    ROOT,
    STATE,
    TOP,
    TWICE,
    UNKNOWN,
    below,
    found,
    made,
    put,
    quantity,
    tick_of,
)
from hq_core.book.orders import order_at
from hq_core.jit import F8, I8, Cell, State, kernel
from hq_core.saved import Damaged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_core.jit import ArgumentBlock, Kernel
    from hq_core.jit.cell import Record

LEAST = 64  # pages, nodes and orders for which there is room at first
TABLES = ("slots", "keys", "words", "held", "nslots", "nkeys", "nwords", "at")
BY_ORDER = ("places", "ids", "lots", "sums")
NUMBERED = BEST, BEST + 1, STATE, TWICE, MISSING  # places of `at` that are saved as they are


@kernel()
def moved(
    at: I8,
    which: int,
    size: int,
    keys: I8,
    words: I8,
    held: F8,
    sums: F8,
    o_slots: I8,
    o_keys: I8,
    o_words: I8,
    o_held: F8,
    o_sums: F8,
) -> None:
    """Pages, or nodes of the tree, in other tables, which come as zeros; those that are empty are left behind.

    which  PAGES or NODES;  size: quantities of each, 0 or 64;  held, sums  as the book has them, or empty
    """
    n = at[which]
    at[which] = 0
    for p in range(n):
        if words[p] == 0:
            continue
        q = made(o_slots, o_keys, at, which, keys[p])
        o_words[q] = words[p]
        for k in range(size):
            o_held[q * size + k] = held[p * size + k]
            if len(sums) > 0:
                o_sums[q * size + k] = sums[p * size + k]


@kernel(state="n:i8")
def filled(words: I8, n: int, s: State) -> None:
    """s.n: how many of the first n pages, or nodes, are not empty."""
    for p in range(n):
        s.n += 1 if words[p] != 0 else 0


@kernel()
def orders_moved(places: I8, ids: I8, lots: F8, o_places: I8, o_ids: I8, o_lots: F8) -> None:
    """Orders in other tables, which come as zeros."""
    for h in range(len(places)):
        if places[h] != 0:
            to = order_at(o_places, o_ids, ids[h])
            o_places[to] = places[h]
            o_ids[to] = ids[h]
            o_lots[to] = lots[h]


@kernel(state="n:i8")
def listed(
    slots: I8,
    keys: I8,
    words: I8,
    held: F8,
    nslots: I8,
    nkeys: I8,
    nwords: I8,
    first: int,
    s: State,
    place: I8,
    tick: I8,
    qty: F8,
) -> None:
    """The levels of a side from a place downward, as many as there are or is room for; s.n: how many."""
    n = 0
    while first >= 0 and n < len(place):
        place[n] = first
        tick[n] = tick_of(first)
        qty[n] = quantity(slots, keys, held, first)
        first = below(slots, keys, words, nslots, nkeys, nwords, first)
        n += 1
    s.n = n


@kernel()
def counted(words: I8, counts: I8, keys: I8, n: int) -> None:
    """counts (2,) levels of either side, of n pages."""
    for p in range(n):
        word = words[p]
        while word != 0:
            word &= word - 1
            counts[keys[p] >> (DEPTH_BITS - PAGE)] += 1


@kernel()
def restored(
    slots: I8, keys: I8, words: I8, held: F8, nslots: I8, nkeys: I8, nwords: I8, at: I8, place: I8, qty: F8
) -> None:
    """Levels are put into an empty book."""
    for i in range(len(place)):
        put(slots, keys, words, held, nslots, nkeys, nwords, at, place[i], qty[i])


@kernel(state="wrong:i8")
def orders_restored(
    slots: I8, keys: I8, places: I8, ids: I8, lots: F8, sums: F8, id: I8, place: I8, lot: F8, s: State
) -> None:
    """Orders are put into a book that has its levels; s.wrong: whether one is there twice, or stands at none."""
    for i in range(len(id)):
        p = found(slots, keys, place[i] >> PAGE)
        h = order_at(places, ids, id[i])
        if p < 0 or places[h] != 0:
            s.wrong = 1
            return
        places[h] = place[i] + 1
        ids[h] = id[i]
        lots[h] = lot[i]
        sums[p << PAGE | place[i] & 63] += lot[i]


def _run(kernel: Kernel, asked: dict[str, int], **memory: Any) -> Record:
    """Run a kernel on these tables; what its record says then."""
    cell = Cell(kernel)
    cell.set(**asked)
    for name, table in memory.items():
        cell.buffer(name, table)
    cell.run()
    return cell.state


class Book(dict[str, Any]):
    """The tables of a book, by the names of the arguments that `book_pass` has for them.

    by_order   it is kept by order
    lot        the lot as a fraction; (0, 1): none is known, so that any quantity above 0 is one
    blocks     argument blocks that the tables are bound to: memory that grows moves
    """

    def __init__(self, lot: tuple[int, int] = (0, 1), by_order: bool = False) -> None:
        self.lot = lot
        self.by_order = by_order
        self.blocks: list[ArgumentBlock] = []
        self._room = {PAGES: 0, NODES: 0, ORDERS: 0}
        self["at"] = array("q", bytes(8 * NUMBERS))
        for place in (BEST, BEST + 1, TOP, TOP + 1):
            self["at"][place] = NONE
        for name in (*TABLES[:-1], *BY_ORDER):
            self[name] = bytearray()
        self["probes"], self["row"] = array("q"), array("q", [0])
        self.ready(None, 0)

    @property
    def params(self) -> dict[str, float]:
        """The arguments of `book_pass` that are no tables; what is below half a lot is nothing, as for hftbacktest."""
        over, under = self.lot
        return {"least": over / under / 2 or math.ulp(0.0), "lot": over or 1, "lots_in": under}

    def keep_orders(self) -> None:
        """It is kept by order from here on."""
        if not self.by_order:
            self.by_order = True
            self._room[PAGES] = self._room[ORDERS] = 0
            self.ready(None, 0)

    def ready(self, record: Any, n: int) -> None:
        """Make room for what n events may bring."""
        at, grown = self["at"], False
        for which, more in ((PAGES, n), (NODES, ROOT * n), (ORDERS, n)):
            full = at[which] + more > self._room[which] or not self._room[which]
            if full and (which != ORDERS or self.by_order):
                self._grow(which, more)
                grown = True
        for block in self.blocks if grown else ():
            self._tell(block)

    def bind(self, block: ArgumentBlock) -> None:
        """Give a kernel's arguments the tables that it names, now and whenever they move."""
        self.blocks.append(block)
        self._tell(block)

    def _tell(self, block: ArgumentBlock) -> None:
        for name in block.starts:
            if name in self:
                block.buffer(name, self[name])

    def _grow(self, which: int, more: int) -> None:
        """Room for so many further pages, nodes or orders, and as many again; the empty ones are left behind."""
        held = self["at"][which]
        if which != ORDERS:
            held = _run(filled, {"n": held}, words=self["words" if which == PAGES else "nwords"]).n
        room = self._room[which] = max(LEAST, 2 * (held + more))
        slots = 8 << (2 * room - 1).bit_length()
        if which == ORDERS:
            found = {"places": bytearray(slots), "ids": bytearray(slots), "lots": bytearray(slots)}
            if self["places"]:
                _run(orders_moved, {}, **{k: self[k] for k in found}, **{f"o_{k}": table for k, table in found.items()})
            self.update(found)
            return
        names = TABLES[:4] if which == PAGES else TABLES[4:7]
        sizes = slots, 8 * room, 8 * room, 8 * room << PAGE
        found = {name: bytearray(size) for name, size in zip(names, sizes)}
        page = which == PAGES
        if page and self.by_order:
            found["sums"] = bytearray(sizes[3])
        plain = {name.removeprefix("n"): table for name, table in found.items()}
        own = {name: self[name if page else f"n{name}"] for name in ("keys", "words")}
        nothing = bytearray()
        _run(
            moved,
            {"which": which, "size": 1 << PAGE if page else 0},
            at=self["at"],
            **own,
            held=self["held"] if page else nothing,
            sums=self["sums"] if page else nothing,
            o_slots=plain["slots"],
            o_keys=plain["keys"],
            o_words=plain["words"],
            o_held=plain.get("held", nothing),
            o_sums=plain.get("sums", nothing),
        )
        self.update(found)

    # -- what it holds -----------------------------------------------------------------------------------
    def counts(self) -> tuple[int, int]:
        """Levels of bids and of asks, those beyond the best too."""
        counts = array("q", [0, 0])
        _run(counted, {"n": self["at"][PAGES]}, words=self["words"], keys=self["keys"], counts=counts)
        return counts[0], counts[1]

    def levels(self, side: int) -> tuple[array[int], array[float]]:
        """Ticks and quantities of a side, all of them, best first; 0 bids, 1 asks."""
        _, ticks, held = self._listed(side, self.counts()[side])
        return ticks, held

    def _listed(self, side: int, n: int) -> tuple[array[int], array[int], array[float]]:
        found = array("q", bytes(8 * n)), array("q", bytes(8 * n)), array("d", bytes(8 * n))
        tables = {name: self[name] for name in TABLES[:-1]}
        _run(listed, {"first": self["at"][TOP + side]}, **tables, **dict(zip(("place", "tick", "qty"), found)))
        return found

    # -- state -------------------------------------------------------------------------------------------
    def save(self, record: Any = None) -> bytes:
        """All of it: the same bytes for the same book, whatever came before."""
        at, counts = self["at"], self.counts()
        head = array("q", [*counts, at[ORDERS], int(self.by_order), *(at[place] for place in NUMBERED)])
        parts: list[Any] = [head]
        for side in (0, 1):
            places, _, held = self._listed(side, counts[side])
            parts += [places, held]
        return b"".join(part.tobytes() for part in [*parts, *self._orders()])

    def _orders(self) -> tuple[array[int], array[int], array[float]]:
        """Id, level and lots of each order, by id."""
        places, ids = (memoryview(self[name]).cast("q") for name in ("places", "ids"))
        lots = memoryview(self["lots"]).cast("d")
        found = sorted((ids[h], places[h] - 1, lots[h]) for h in range(len(places)) if places[h])
        columns = list(zip(*found)) or [(), (), ()]
        return array("q", columns[0]), array("q", columns[1]), array("d", columns[2])

    def load(self, record: Any, saved: bytes) -> None:
        """Take up what `save` gave, in a book that is empty.  Damaged where no book can be like that."""
        numbers = len(NUMBERED) + 4
        if len(saved) < 8 * numbers:
            raise Damaged(f"a book of {len(saved)} bytes")
        bids, asks, orders, by_order, *held = array("q", saved[: 8 * numbers])
        sizes = bids, bids, asks, asks, orders, orders, orders
        if (
            min(sizes) < 0
            or len(saved) != 8 * (numbers + sum(sizes))
            or by_order not in (0, 1)
            or orders > by_order * orders
        ):
            raise Damaged(f"a book of {bids} bids, {asks} asks and {orders} orders in {len(saved)} bytes")
        columns, start = [], 8 * numbers
        for size, kind in zip(sizes, "qdqdqqd"):
            columns.append(array(kind, saved[start : start + 8 * size]))
            start += 8 * size
        at = self["at"]
        for side in (0, 1):
            places, quantities = columns[2 * side], columns[2 * side + 1]
            self._check(side, places, quantities, held[side])
        if by_order:
            self.keep_orders()
        self.ready(None, bids + asks + orders)
        tables = {name: self[name] for name in TABLES}
        for side in (0, 1):
            _run(restored, {}, **tables, place=columns[2 * side], qty=columns[2 * side + 1])
        if orders:
            ids, places, lots = columns[4:]
            if not all(lot > 0.0 and lot == math.floor(lot) and lot < 2.0**53 for lot in lots):
                raise Damaged("an order of no whole number of lots")
            tables = {name: self[name] for name in ("slots", "keys", *BY_ORDER)}
            if _run(orders_restored, {}, **tables, id=ids, place=places, lot=lots).wrong:
                raise Damaged("orders that stand at no level, or twice")
        for place, value in zip(NUMBERED, held):
            at[place] = value
        at[ORDERS] = orders
        if at[STATE] not in (0, UNKNOWN) or min(at[TWICE], at[MISSING]) < 0:
            raise Damaged(f"a book of state {at[STATE]}")

    @staticmethod
    def _check(side: int, places: Sequence[int], quantities: Sequence[float], best: int) -> None:
        last = (side + 1) * ASK
        for place in places:
            if not side * ASK <= place < last:
                raise Damaged(f"a book with a level at {place}, below {last}")
            last = place
        if not all(0.0 < qty < math.inf for qty in quantities):
            raise Damaged("a book with a quantity that is none")
        if best != NONE and best not in places:
            raise Damaged(f"a book whose best level {best} is not there")
