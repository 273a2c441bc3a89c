"""From the log of what happened to the rows of each kind."""

from __future__ import annotations

from array import array
from typing import NamedTuple

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
TYPES = {"i8": "q", "f8": "d", "i1": "b", "i4": "i"}


class Layout(NamedTuple):
    """Where a kind's columns lie in a row of the log.

    code    of the kind in the log
    places  of each column, in the order in which they are given
    """

    code: int
    places: dict[str, int]


def _values(*names: str) -> dict[str, int]:
    return {name: L_VALUES + i for i, name in enumerate(names)}


# the kinds that the account writes besides equity, in the order in which they are written
LOGGED = {
    "order_state": Layout(
        STATED, {"ts": L_TS, "symbol": L_SYMBOL} | _values("order", "state", "filled", "remaining", "price", "reason")
    ),
    "fill": Layout(
        FILLED,
        {"ts": L_TS, "fill_time": L_TIME, "symbol": L_SYMBOL, "id": COUNTED, "order": L_VALUES + 8, "side": L_SIDE}
        | _values("action", "price", "quantity", "fee", "realised", "position", "liquidity", "reason"),
    ),
    "payment": Layout(PAID, {"ts": L_TIME, "symbol": L_SYMBOL} | _values("rate", "quantity", "amount")),
    "liquidation": Layout(
        LIQUIDATED,
        {"ts": L_TS, "symbol": L_SYMBOL, "side": L_SIDE}
        | _values("mark", "liquidation_price", "price", "quantity", "loss", "insurance", "row"),
    ),
    "position": Layout(
        POSITION,
        {"ts": L_TS, "symbol": L_SYMBOL, "side": L_SIDE}
        | _values("quantity", "entry", "mark_price", "unrealised", "margin", "leverage", "liquidation_price"),
    ),
}


def types(kind: str) -> dict[str, str]:
    """The type of each column as array has it; a symbol is its number in the account."""
    cols = dict(of(kind).cols) | {"symbol": "i4"}
    return {name: TYPES[cols[name]] for name in LOGGED[kind].places}


@kernel(state="rows:i8 id:i8")
def taken(
    log: F8,
    logged: int,
    code: int,
    room: int,
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
    """The rows of a kind; s.rows: how many there are; s.id counts them where they are counted.

    instants, wholes, words, numbers   places of what is an instant, an integer, a code and a number
    rows       (room,) at least `logged`
    q, b, d    (room * columns,) column behind column: instants, wholes and the count; words; numbers
    i          (room,) the symbol
    """
    n = 0
    for k in range(logged):
        if log[k * LOG_WIDTH + L_KIND] == code:
            rows[n] = k * LOG_WIDTH
            n += 1
    s.rows = n
    at = 0
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
        i[k] = int(log[rows[k] + L_SYMBOL])
    for c in range(len(words)):
        for k in range(n):
            b[c * room + k] = int(log[rows[k] + words[c]])
    for c in range(len(numbers)):
        for k in range(n):
            d[c * room + k] = log[rows[k] + numbers[c]]


class Taker:
    """Takes the rows of one kind from logs.

    n       how many rows the last log had
    places  where each column lies, up to the next log
    """

    def __init__(self, kind: str) -> None:
        code, places = LOGGED[kind]
        self._cell = Cell(taken)
        self._cell.set(code=code, counted=int(COUNTED in places.values()))
        self._room = 0
        kinds = types(kind)
        instants = [name for name in places if places[name] in (L_TS, L_TIME)]
        wholes = [name for name in places if kinds[name] == "q" and name not in instants and places[name] != COUNTED]
        words = [name for name in places if kinds[name] == "b"]
        numbers = [name for name in places if kinds[name] == "d"]
        for which, names in (("instants", instants), ("wholes", wholes), ("words", words), ("numbers", numbers)):
            self._cell.buffer(which, array("q", (places[name] for name in names)))
        counted = [name for name in places if places[name] == COUNTED]
        self._columns = {"q": [*instants, *wholes, *counted], "i": ["symbol"], "b": words, "d": numbers}
        self._lies = [(name, kinds[name], self._columns[kinds[name]].index(name)) for name in places]
        self._blocks: dict[str, array[float]] = {}
        self.n = 0
        self.places: dict[str, int] = {}

    def take(self, log: array[float], logged: int, had: int) -> None:
        """Take what a log has.  had: how many rows were counted before."""
        cell = self._cell
        if self._room < logged:
            self._room = room = max(2 * logged, 64)
            cell.set(room=room)
            cell.buffer("rows", array("q", bytes(8 * room)))
            for type_, names in self._columns.items():
                block = self._blocks[type_] = array(type_, bytes(array(type_).itemsize * room * len(names)))
                cell.buffer(type_, block)
            for name, type_, c in self._lies:
                first, _ = self._blocks[type_].buffer_info()
                self.places[name] = first + c * room * self._blocks[type_].itemsize
        cell.column("log", log.buffer_info()[0], len(log))
        cell.set(logged=logged)
        cell.state.id = had
        cell.run()
        self.n = cell.state.rows

    def columns(self) -> dict[str, array[float]]:
        """A copy of the columns."""
        n, room, blocks = self.n, self._room, self._blocks
        return {name: blocks[type_][c * room : c * room + n] for name, type_, c in self._lies}
