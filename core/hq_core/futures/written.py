"""What accounts write: their series, and rows of several of them laid in order of ts."""

from __future__ import annotations

import ctypes
from array import array
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from hq_core.batch import Schema, told_texts
from hq_core.futures.equity import OF_ACCOUNT
from hq_core.futures.rows import LOGGED
from hq_core.jit import I4, I8, Cell, State, kernel
from hq_core.kinds import extra_of, of
from hq_core.stream.rows import Numbers, Permutation, Room, by_time
from hq_core.wire.frame import MAX_BLOB

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from hq_core.roles import Out

_move, _fill = ctypes.memmove, ctypes.memset


def _repeat(to: int, code: int, n: int) -> None:
    """Write a code n times.  A ctypes array would do, but each other n is a class that takes longer to make."""
    if code:
        _move(to, (array("i", [code]) * n).tobytes(), 4 * n)
    else:
        _fill(to, 0, 4 * n)


@kernel(state="alike:i8")
def in_turn(ts: I8, parts: int, order: I8, s: State) -> None:
    """order[] = the first row of each part, then the second of each and so on; s.alike: 1 if that is by ts.

    ts, order  (n,), part behind part, each of as many rows
    """
    n = len(ts) // parts
    s.alike = 1
    for i in range(n):
        for k in range(parts):
            if ts[k * n + i] != ts[i]:
                s.alike = 0
            order[i * parts + k] = k * n + i


@kernel()
def ranked(symbol: I4, ranks: I8, account: I4, accounts: int, out: I8) -> None:
    """The place of each row of one ts: by its symbol's rank, of a panel, then by its account."""
    for i in range(len(out)):
        out[i] = account[i] + (ranks[symbol[i]] * accounts if len(symbol) > 0 else 0)


def schemas(symbol: str, period: str, columns: int) -> dict[str, Schema]:
    """What an account writes: of one symbol its series, of several panels; columns: those of equity after account."""
    found = {}
    for kind in (*LOGGED, "equity"):
        cols = tuple(col for col in of(kind).cols)
        if kind == "equity":
            cols = cols[: 2 + columns]
        elif columns == OF_ACCOUNT:
            cols = (cols[0], ("symbol", "s4"), *cols[1:])
        found[kind] = Schema(kind, symbol, period, cols, extra_of(kind))
    return found


class Part:
    """Rows of one kind that one account has made: where each column lies, by name."""

    def __init__(self, code: int, n: int, places: dict[str, int], keep: object) -> None:
        self.code, self.n, self.places, self.keep = code, n, places, keep


class Shared:
    """Memory for the rows of equity of several accounts, used again and again: they lie as if they were of one.

    names  of the columns, each of eight bytes a row
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names, self._room = names, Room()
        self._first = self._rows = 0

    def begin(self, rows: int) -> None:
        """Room for so many rows; those of the last time are gone."""
        self._rows, (self._first, *_) = rows, self._room.columns([8] * len(self._names), rows)

    def at(self, row: int) -> list[int]:
        """Where each column goes from a row on."""
        return [self._first + 8 * (self._rows * c + row) for c in range(len(self._names))]

    def part(self, code: int, row: int, n: int) -> Part:
        """n rows of an account from a row on."""
        return Part(code, n, dict(zip(self._names, self.at(row))), self)


class InOrder:
    """What lays rows in order of ts."""

    def __init__(self) -> None:
        self.room, self.codes, self.moved = Room(), Room(), Permutation()
        self.by_time, self.ranked, self.in_turn = Cell(by_time), Cell(ranked), Cell(in_turn)
        self._order, self._spare, self._rank = Numbers(), Numbers(), Numbers()

    def order(self, schema: Schema, parts: Sequence[Part], places: Sequence[int], ranks: array[int], n: int) -> int:
        """Where the order of n rows lies, by ts, of one ts by symbol, of one symbol by account.

        places  of the columns of all parts, one behind the other
        """
        order, spare, rank = self._order.at(n), self._spare.at(n), self._rank.at(n)
        codes = [part.code for part in parts]
        if not schema.has("symbol") and codes == sorted(set(codes)) and len({part.n for part in parts}) == 1:
            cell = self.in_turn
            cell.column("ts", places[0], n)
            cell.column("order", order, n)
            cell.set(parts=len(parts))
            cell.run()
            if cell.state.alike:
                return order
        cell, coded = self.ranked, schema.has("symbol")
        cell.column("symbol", places[schema.index("symbol")] if coded else 0, n if coded else 0)
        cell.buffer("ranks", ranks)
        cell.column("account", places[schema.index("account")], n)
        cell.set(accounts=1 + max(codes))
        cell.column("out", rank, n)
        cell.run()
        cell = self.by_time
        for name, place in (("ts", places[0]), ("rank", rank), ("order", order), ("spare", spare)):
            cell.column(name, place, n)
        cell.run()
        return order


class Written:
    """The series that accounts write, and the texts of their codes."""

    def __init__(self, out: Out, symbol: str, period: str, columns: int) -> None:
        self.out = out
        self.schemas = schemas(symbol, period, columns)
        self._series: dict[str, Any] = {}
        self._told: dict[tuple[str, str], int] = {}
        self._said = 0, 0  # how many names and symbols were told of
        self._order: InOrder | None = None  # made where rows of several accounts or symbols have to be laid in order

    def announce(self, names: Collection[str], symbols: Collection[str]) -> None:
        """The series, and what their codes stand for as far as that has not been said."""
        said = len(names), len(symbols)
        if said == self._said:
            return
        self._said = said
        for kind, schema in self.schemas.items():
            if kind not in self._series:
                self._series[kind] = self.out.series(schema)
            for column, texts in (("account", names), ("symbol", symbols)):
                if not schema.has(column):
                    continue
                told = self._told.get((kind, column), 0)
                for frame in told_texts(schema.key, column, list(texts)[told:]):
                    self.out.map(frame)
                self._told[kind, column] = len(texts)

    def section(self) -> None:
        """A section begins: all is told anew."""
        self._series.clear()
        self._told.clear()
        self._said = 0, 0

    def equity(self, n: int) -> list[int]:
        """Room for n rows of equity: where each column goes."""
        return self.out.rows(self._series["equity"], n)

    def commit_equity(self, addresses: Sequence[int], n: int, code: int) -> None:
        _repeat(addresses[1], code, n)
        self.out.commit(self._series["equity"], n)

    def write(self, kind: str, places: dict[str, int], n: int, code: int) -> None:
        """n rows of what an account's log gave, whose columns lie at these addresses."""
        series, schema = self._series[kind], self.schemas[kind]
        addresses = self.out.rows(series, n)
        for name, to, width in zip(schema.names, addresses, schema.widths):
            if name == "account":
                _repeat(to, code, n)
            else:
                _move(to, places[name], width * n)
        self.out.commit(series, n)

    def write_together(self, kind: str, parts: Sequence[Part], ranks: array[int]) -> None:
        """Rows of several accounts or symbols in order of ts, of one ts by symbol, of one symbol by account.

        ranks   the place of each symbol's code among the texts
        """
        series, schema = self._series[kind], self.schemas[kind]
        total = sum(part.n for part in parts)
        if not total:
            return
        laid = self._order = self._order or InOrder()
        places = self._side_by_side(schema, parts, total)
        order = laid.order(schema, parts, places, ranks, total)
        most = MAX_BLOB // sum(schema.widths) & -8  # of one frame: more rows would be put aside and copied to frames
        for start in range(0, total, most):
            n = min(most, total - start)
            laid.moved.take(order + 8 * start, n, schema.widths, places, self.out.rows(series, n), total)
            self.out.commit(series, n)

    def _side_by_side(self, schema: Schema, parts: Sequence[Part], total: int) -> list[int]:
        """Where the rows of all parts lie one behind the other, column by column: as they lie, or moved there."""
        assert self._order is not None
        starts = list(accumulate((part.n for part in parts[:-1]), initial=0))
        (codes,) = self._order.codes.columns([4], total)
        for part, start in zip(parts, starts):
            _repeat(codes + 4 * start, part.code, part.n)
        own = [(name, width) for name, width in zip(schema.names, schema.widths) if name != "account"]
        lie = parts[0].places
        if all(part.places[name] == lie[name] + w * at for name, w in own for part, at in zip(parts, starts)):
            return [codes if name == "account" else lie[name] for name in schema.names]
        to = dict(zip((name for name, _ in own), self._order.room.columns([width for _, width in own], total)))
        for part, start in zip(parts, starts):
            for name, width in own:
                _move(to[name] + width * start, part.places[name], width * part.n)
        return [codes if name == "account" else to[name] for name in schema.names]
