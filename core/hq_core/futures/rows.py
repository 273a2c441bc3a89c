"""From the log of what happened to the rows of each kind."""

from __future__ import annotations

from array import array
from typing import Any

from hq_core.futures.blocks import (
    FILLED,
    L_KIND,
    L_SIDE,
    L_SYMBOL,
    L_TIME,
    L_TS,
    L_VALUES,
    LIQUIDATED,
    LOG_WIDTH,
    PAID,
    POSITION,
)
from hq_core.futures.blocks import STATE as STATED
from hq_core.jit import F8, I1, I4, I8, Cell, State, bits_of, kernel
from hq_core.kinds import of

COUNTED = -1  # in place of a place: the rows are numbered
TYPES = {"i8": "q", "f8": "d", "i1": "b"}
LOGGED = {  # the kinds that the account writes besides equity, in the order in which they are written: their codes
    "order_state": STATED,
    "fill": FILLED,
    "payment": PAID,
    "liquidation": LIQUIDATED,
    "position": POSITION,
}
COMMON = {"ts": L_TS, "fill_time": L_TIME, "symbol": L_SYMBOL, "id": COUNTED, "side": L_SIDE}


def types(kind: str) -> dict[str, str]:
    """The type of each column as array has it; in the account's place the symbol, as its number in the account."""
    return {
        "symbol" if name == "account" else name: "i" if name == "account" else TYPES[type_]
        for name, type_ in of(kind).cols
    }


def places(kind: str) -> dict[str, int]:
    """Where each column lies in a row of the log: what not all kinds have stands there as the kind has it, in order."""
    common = COMMON | ({"ts": L_TIME} if kind == "payment" else {})
    own = [name for name in types(kind) if name not in common]
    return {name: common[name] if name in common else L_VALUES + own.index(name) for name in types(kind)}


@kernel(state="rows:i8 id:i8")
def taken(
    log: F8,
    logged: int,
    code: int,
    room: int,
    first: int,
    instants: I8,
    wholes: I8,
    words: I8,
    numbers: I8,
    counted: int,
    s: State,
    rows: I8,
    q: I8,
    i: I4,
    b: I1,
    d: F8,
) -> None:
    """The rows of a kind, from row `first` on; s.rows: how many there are; s.id counts them where they are counted.

    instants, wholes, words, numbers   places of what is an instant, an integer, a code and a number
    rows       (room,) at least `first` and `logged` together
    q, b, d    (room * columns,) column behind column: instants, wholes and the count; words; numbers
    i          (room,) the symbol
    """
    n = 0
    for k in range(logged):
        if log[k * LOG_WIDTH + L_KIND] == code:
            rows[n] = k * LOG_WIDTH
            n += 1
    s.rows = n
    at = first
    for c in range(len(instants)):
        for k in range(n):
            q[at + k] = bits_of(log[rows[k] + instants[c]])
        at += room
    for c in range(len(wholes)):
        for k in range(n):
            q[at + k] = int(log[rows[k] + wholes[c]])
        at += room
    for k in range(n if counted != 0 else 0):
        s.id += 1
        q[at + k] = s.id
    for k in range(n):
        i[first + k] = int(log[rows[k] + L_SYMBOL])
    for c in range(len(words)):
        for k in range(n):
            b[c * room + first + k] = int(log[rows[k] + words[c]])
    for c in range(len(numbers)):
        for k in range(n):
            d[c * room + first + k] = log[rows[k] + numbers[c]]


class Taker:
    """Takes the rows of one kind from logs.

    n       how many rows the last log had
    kept    and how many there are of those before it that `keep` kept
    """

    def __init__(self, kind: str) -> None:
        self._cell = Cell(taken)
        at, kinds = places(kind), types(kind)
        counted = [name for name in at if at[name] == COUNTED]
        instants = [name for name in at if at[name] in (L_TS, L_TIME)]
        wholes = [name for name in at if kinds[name] == "q" and name not in (*instants, *counted)]
        words = [name for name in at if kinds[name] == "b"]
        numbers = [name for name in at if kinds[name] == "d"]
        for which, names in (("instants", instants), ("wholes", wholes), ("words", words), ("numbers", numbers)):
            self._cell.buffer(which, array("q", (at[name] for name in names)))
        self._cell.set(code=LOGGED[kind], counted=len(counted))
        self._columns = {"q": [*instants, *wholes, *counted], "i": ["symbol"], "b": words, "d": numbers}
        self._lies = [(name, type_, self._columns[type_].index(name)) for name, type_ in kinds.items()]
        self._room = 0
        self._blocks: dict[str, array[Any]] = {}
        self.n = self.kept = 0

    def take(self, log: int, logged: int, had: int) -> None:
        """Take the rows of the log at an address, behind what is kept.  had: how many rows were counted before."""
        cell = self._cell
        if self._room < self.kept + logged:
            self._make_room(max(2 * (self.kept + logged), 64))
        cell.column("log", log, logged * LOG_WIDTH)
        cell.set(logged=logged, first=self.kept)
        cell.state.id = had
        cell.run()
        self.n = cell.state.rows

    def _make_room(self, room: int) -> None:
        had, self._room = self._room, room
        self._cell.set(room=room)
        self._cell.buffer("rows", array("q", bytes(8 * room)))
        for type_, names in self._columns.items():
            block: array[Any] = array(type_, bytes(array(type_).itemsize * room * len(names)))
            for c in range(len(names) if self.kept else 0):
                block[c * room : c * room + self.kept] = self._blocks[type_][c * had : c * had + self.kept]
            self._blocks[type_] = block
            self._cell.buffer(type_, block)

    def keep(self) -> None:
        """Keep the rows of the last log as well: the next one's come behind them."""
        self.kept += self.n

    def places(self, first: int = 0) -> dict[str, int]:
        """Where each column lies from a row on, up to the next log."""
        blocks, room = self._blocks, self._room
        return {
            name: blocks[type_].buffer_info()[0] + (c * room + first) * blocks[type_].itemsize
            for name, type_, c in self._lies
        }

    def columns(self) -> dict[str, array[float]]:
        """A copy of the columns of the last log."""
        first, n, room, blocks = self.kept, self.n, self._room, self._blocks
        return {name: blocks[type_][c * room + first : c * room + first + n] for name, type_, c in self._lies}
