"""Rows that come a little late are waited for: a buffer sorted by (ts, id), bounded by time and by a number of rows."""

from __future__ import annotations

import ctypes
from array import array
from typing import TYPE_CHECKING, Any

from hq_core.bars.period import EARLIEST, LATEST
from hq_core.batch import CODES, EVER, WIDTHS, Batch, Schema
from hq_core.errors import HqError
from hq_core.jit import I1, I4, I8, Cell, State, address_of, inline, kernel
from hq_core.options.aggregate import AggregateOptions
from hq_core.saved import Count, Damaged, shaped

if TYPE_CHECKING:
    from hq_core.jit import Kernel

LIMIT = 1 << 22  # rows that one symbol may have waiting
FIRST_ROOM = 32  # rows for which there is room at first: with many symbols most have few
SHAPE = {"rows": Count, "edge": int, "seen": Count, "columns": {str: bytes}}


@inline
def back(ts: int, by: int) -> int:
    """ts - by, or the smallest integer."""
    return ts - by if ts > by - EVER else -EVER


@kernel(state="head:i8 count:i8 free:i8 edge:i8 late:i8 ready:i8 taken:i8 seen:i8")
def hold(
    ts: I8, id: I8, lateness: int, until: int, key_ts: I8, key_id: I8, slot: I8, free: I8, where: I8, s: State
) -> None:
    """Sort rows into the waiting ones; s.ready = how many of these nothing can come before any more.

    ts, id         (n,) the arriving rows; id may be empty
    until          no row before it comes after these (a mark), or the smallest integer
    key_ts, key_id, slot   the waiting rows in order from s.head on, and the place where each lies
    free           a stack of s.free places
    where          (n,) the place of each arriving row, or -1: older than the newest row by more than `lateness`, s.late
    s.edge         rows before it are late
    s.taken        rows up to the first one of a time that no bar can be made of;  s.seen: of all calls
    """
    n = len(ts)
    room = len(slot)
    s.edge = max(s.edge, until)
    s.taken = 0
    if s.head + s.count + n > room:
        for k in range(s.count):
            key_ts[k], key_id[k], slot[k] = key_ts[s.head + k], key_id[s.head + k], slot[s.head + k]
        s.head = 0
    for i in range(n):
        at = ts[i]
        if at < EARLIEST or at > LATEST:
            break
        s.taken += 1
        tie = id[i] if len(id) > 0 else 0
        if at < s.edge:
            where[i] = -1
            s.late += 1
            continue
        s.edge = max(s.edge, back(at, lateness))
        s.free -= 1
        place = free[s.free]
        where[i] = place
        k = s.head + s.count
        while k > s.head and (key_ts[k - 1] > at or (key_ts[k - 1] == at and key_id[k - 1] > tie)):
            key_ts[k], key_id[k], slot[k] = key_ts[k - 1], key_id[k - 1], slot[k - 1]
            k -= 1
        key_ts[k], key_id[k], slot[k] = at, tie, place
        s.count += 1
    s.seen += s.taken
    ready = 0
    while ready < s.count and key_ts[s.head + ready] < s.edge:
        ready += 1
    s.ready = ready


@kernel()
def put8(column: I8, where: I8, store: I8) -> None:
    for i in range(len(column)):
        if where[i] >= 0:
            store[where[i]] = column[i]


@kernel()
def put4(column: I4, where: I8, store: I4) -> None:
    for i in range(len(column)):
        if where[i] >= 0:
            store[where[i]] = column[i]


@kernel()
def put1(column: I1, where: I8, store: I1) -> None:
    for i in range(len(column)):
        if where[i] >= 0:
            store[where[i]] = column[i]


@kernel()
def get8(store: I8, slot: I8, column: I8) -> None:
    for i in range(len(slot)):
        column[i] = store[slot[i]]


@kernel()
def get4(store: I4, slot: I8, column: I4) -> None:
    for i in range(len(slot)):
        column[i] = store[slot[i]]


@kernel()
def get1(store: I1, slot: I8, column: I1) -> None:
    for i in range(len(slot)):
        column[i] = store[slot[i]]


PUT: dict[int, Kernel] = {8: put8, 4: put4, 1: put1}
GET: dict[int, Kernel] = {8: get8, 4: get4, 1: get1}


class LateRows:
    """The waiting rows of one symbol, in the columns of `schema`."""

    def __init__(self, schema: Schema, lateness: int) -> None:
        self.schema = schema
        self.lateness = lateness
        if schema.free:
            name = schema.names[schema.free[0]]
            raise HqError(f"{schema.key}: column '{name}' holds free text; rows with it cannot wait for late ones")
        self._widths = [WIDTHS[kind] for _, kind in schema.cols]
        self._hold = Cell(hold)
        self._hold.set(lateness=lateness)
        self._hold.state.edge = -EVER
        self._put = {w: Cell(PUT[w]) for w in set(self._widths)}
        self._get = {w: Cell(GET[w]) for w in set(self._widths)}
        self._room = 0
        self._stores: list[bytearray] = []
        self._out: list[bytearray] = []
        self._keys: list[array[int]] = []
        self._where = array("q")
        self._grow(FIRST_ROOM)

    @property
    def horizon(self) -> int:
        """No row before this instant will be given any more."""
        return int(self._hold.state.edge)

    @property
    def taken(self) -> int:
        """Rows of the last `push` up to one of a time that no bar can be made of."""
        return int(self._hold.state.taken)

    @property
    def seen(self) -> int:
        """Rows taken so far."""
        return int(self._hold.state.seen)

    def push(self, batch: Batch) -> Batch:
        """Take rows in, as many as `taken` says; give those, in order, that nothing can come before."""
        n = batch.n
        state = self._hold.state
        if state.count + n > self._room:
            self._grow(state.count + n)
        if len(self._where) < n:
            self._where = array("q", bytes(8 * max(n, FIRST_ROOM)))
        where = address_of(self._where)
        cell = self._hold
        cell.column("ts", batch.address("ts"), n)
        cell.column("id", batch.address("id") if batch.schema.has("id") else 0, n if batch.schema.has("id") else 0)
        cell.column("where", where, n)
        cell.set(until=-EVER)
        cell.run()
        for i, (name, _) in enumerate(self.schema.cols):
            put = self._put[self._widths[i]]
            put.column("column", batch.address(name), self.taken)
            put.column("where", where, n)
            put.buffer("store", self._stores[i])
            put.run()
        return self._ready()

    def until(self, ts: int) -> Batch:
        """The waiting rows before `ts`, in order: no further row is older."""
        cell = self._hold
        for name in ("ts", "id", "where"):
            cell.column(name, 0, 0)
        cell.set(until=ts)
        cell.run()
        return self._ready()

    def late(self) -> int:
        """Rows that came too late, since the last call."""
        found = int(self._hold.state.late)
        self._hold.state.late = 0
        return found

    def _ready(self) -> Batch:
        state = self._hold.state
        n = state.ready
        slots = address_of(self._keys[2]) + 8 * state.head
        addresses = []
        for store, out, w in zip(self._stores, self._out, self._widths):
            get = self._get[w]
            get.buffer("store", store)
            get.column("slot", slots, n)
            get.column("column", address_of(out), n)
            get.run()
            addresses.append(address_of(out))
        ctypes.memmove(address_of(self._keys[3]) + 8 * state.free, slots, 8 * n)
        state.free += n
        state.head += n
        state.count -= n
        state.ready = 0
        return Batch(self.schema, n, addresses, self)

    def _grow(self, need: int) -> None:
        if need > LIMIT:
            what = f"more than {LIMIT} rows lie within ", AggregateOptions.lateness
            raise HqError(what, hint="use a shorter one")
        room = max(2 * need, 2 * self._room)
        added = room - self._room
        # what has been given out last may still be read, so the old memory is not resized in place
        self._stores = [bytearray(s) + bytes(w * added) for s, w in zip(self._stores or self._none(), self._widths)]
        self._out = [bytearray(w * room) for w in self._widths]
        keys = self._keys or [array("q") for _ in range(4)]
        self._keys = [array("q", key.tobytes() + bytes(8 * added)) for key in keys]
        state = self._hold.state
        for k in range(self._room, room):
            self._keys[3][state.free] = k
            state.free += 1
        for name, key in zip(("key_ts", "key_id", "slot", "free"), self._keys):
            self._hold.buffer(name, key)
        self._room = room

    def _none(self) -> list[bytearray]:
        return [bytearray() for _ in self._widths]

    def save(self) -> dict[str, Any]:
        """The waiting rows in order, column by column, and the newest instant seen."""
        state = self._hold.state
        start, n = state.head, state.count
        order = self._keys[2][start : start + n]
        columns = {}
        for (name, kind), store in zip(self.schema.cols, self._stores):
            values = memoryview(store).cast(CODES[kind])  # type: ignore[call-overload]
            columns[name] = array(CODES[kind], [values[k] for k in order]).tobytes()
        return {"rows": n, "edge": state.edge, "seen": state.seen, "columns": columns}

    def load(self, saved: dict[str, Any]) -> None:
        shaped(saved, SHAPE)
        n = saved["rows"]
        if [len(saved["columns"][name]) for name, _ in self.schema.cols] != [w * n for w in self._widths]:
            raise Damaged(f"{n} rows wait, in columns of another length")
        if not (-EVER <= saved["edge"] <= LATEST or saved["edge"] == EVER):  # EVER: after the end
            raise Damaged(f"rows are in time from {saved['edge']} on")
        kept = [bytearray(saved["columns"][name]) for name, _ in self.schema.cols]
        if n:  # they lie in order, so none of them is late
            self.push(Batch(self.schema, n, [address_of(one) for one in kept], kept))
        self._hold.state.edge = saved["edge"]
        self._hold.state.seen = saved["seen"]
