"""The bars of several series and panels as one, by ts and by the text of their symbols; a ts waits till it is whole."""

from __future__ import annotations

import ctypes
import math
from array import array
from bisect import bisect_left
from typing import TYPE_CHECKING, Any

from hq_core.batch import NEVER, SCHEMA, Schema, described, undescribed
from hq_core.errors import DATA, HqError
from hq_core.futures.bars import READ
from hq_core.jit import I4, I8, U1, Cell, State, kernel
from hq_core.kinds import BAR
from hq_core.memory import after, move
from hq_core.saved import Count, shaped
from hq_core.stream.held import rows_of
from hq_core.stream.rows import Kept, Permutation, Room, by_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hq_core.batch import Batch

SHAPE = ([(str, str)], int, [(SCHEMA, int, Count, [bytes])])
WAITING = 1 << 20  # rows that may wait for a later ts
NUMBER = "symbol"  # the column that says of which of the account's symbols a row is


@kernel(state="rows:i8 forming:i8")
def traded_rows(complete: U1, symbol: I4, numbers: I8, number: int, rows: int, s: State, order: I8, out: I4) -> None:
    """order[] = the closed rows of symbols that are traded, out[] = the account's number of each; s.rows: how many,
    s.forming: how many of those symbols are still forming.

    symbol, numbers   codes of a panel's rows, and the number of each, -1: not traded; without codes all are `number`
    """
    k = 0
    s.forming = 0
    for i in range(rows):
        whose = numbers[symbol[i]] if len(symbol) > 0 else number
        if whose < 0:
            continue
        if len(complete) > 0 and complete[i] == 0:
            s.forming += 1
            continue
        order[k] = i
        out[k] = whose
        k += 1
    s.rows = k


@kernel()
def looked_up(code: I4, table: I8, out: I8) -> None:
    for i in range(len(code)):
        out[i] = table[code[i]]


class Line:
    """One series or panel, and its rows that wait."""

    def __init__(self, schema: Schema, columns: tuple[tuple[str, str], ...]) -> None:
        self.schema = schema
        self.last = NEVER
        self.lay(columns)

    def lay(self, columns: tuple[tuple[str, str], ...]) -> None:
        """Make room for columns, of which no row waits."""
        self.kept = Kept(Schema("", self.schema.symbol, self.schema.period, columns))

    def widen(self, columns: tuple[tuple[str, str], ...]) -> None:
        """Have further columns, nan in the rows that wait."""
        had = self.kept
        self.lay(columns)
        if had.n:
            to = dict(zip(self.kept.schema.names, self.kept.reserve(had.n)))
            there = dict(zip(had.schema.names, had.starts))
            for name, width in zip(had.schema.names, had.schema.widths):
                move([to[name]], [there[name]], [width], had.n)
            fill_nan([to[name] for name in to if name not in there], had.n)
            self.kept.commit(had.n)


def fill_nan(places: Iterable[int], n: int) -> None:
    """Write nan to n rows of columns."""
    for at in places:
        ctypes.memmove(at, (array("d", [math.nan]) * n).tobytes(), 8 * n)


class Timeline:
    """Lines of bars with the columns that the account reads: those of every bar, and what some of them have beside,
    which is nan in the others; but open_time, which all of them have or none.
    """

    def __init__(self, columns: tuple[tuple[str, str], ...]) -> None:
        self.columns = (*columns, (NUMBER, "i4"))
        self._bound: Schema | None = None  # whose rows came last, and where each column is in it, -1: nowhere
        self._there: list[int] = []
        self._known: dict[
            tuple[tuple[str, str], ...], list[int]
        ] = {}  # panels of several sets of columns take turns at each ts
        self.lines: dict[str, Line] = {}
        self.passed = NEVER
        self._traded, self._looked, self._by_time = Cell(traded_rows), Cell(looked_up), Cell(by_time)
        self._moved = Permutation()
        self._room, self._order = Room(), Room()

    @property
    def waiting(self) -> int:
        return sum(line.kept.n for line in self.lines.values())

    @property
    def earliest(self) -> int:
        """The ts of the earliest row that waits; there must be one."""
        return min(line.kept.times()[0] for line in self.lines.values() if line.kept.n)

    def add(self, schema: Schema) -> None:
        if schema.key not in self.lines:
            self.lines[schema.key] = Line(schema, self.columns)

    def _bind(self, schema: Schema) -> None:
        """Where the columns are in rows that come; what they are the first to have, all lines have from here on."""
        self._bound = schema
        known = self._known.get(tuple(schema.cols))
        if known is not None:
            self._there = known
            return
        here, have = dict(schema.reads(READ, BAR.required)), dict(self.columns)
        if "open_time" in have and "open_time" not in here:
            what = f"{schema.key}: bars of one account all have open_time, or none has; there are both"
            raise HqError(what, DATA)
        more = [(name, kind) for name, kind in READ if name in here and name not in have and kind == "f8"]
        if more:
            self.columns = (*self.columns[:-1], *more, self.columns[-1])
            self._known.clear()
            for line in self.lines.values():
                line.widen(self.columns)
        self._there = self._known[tuple(schema.cols)] = [here.get(name, -1) for name, _ in self.columns[:-1]]

    def take(self, batch: Batch, number: int, numbers: array[int]) -> int:
        """Rows that come next; how many of those that are traded are forming ones."""
        line, schema, n = self.lines[batch.schema.key], batch.schema, batch.n
        if schema is not self._bound:
            self._bind(schema)
        flag, coded = schema.flag, schema.panel
        to = line.kept.reserve(n)
        order = self._order.columns([8], n)[0]
        cell = self._traded
        cell.column("complete", batch.addresses[flag] if flag >= 0 else 0, n if flag >= 0 else 0)
        cell.column("symbol", batch.address("symbol") if coded else 0, n if coded else 0)
        cell.buffer("numbers", numbers)
        cell.set(number=number, rows=n)
        cell.column("order", order, n)
        cell.column("out", to[-1], n)
        cell.run()
        rows: int = cell.state.rows
        forming: int = cell.state.forming
        if not rows:
            return forming
        widths: Sequence[int] = line.kept.schema.widths[:-1]
        there = [(place, at) for place, at in zip(to, self._there) if at >= 0]
        into, here = [place for place, _ in there], [batch.addresses[at] for _, at in there]
        if len(into) < len(widths):
            widths = [width for width, at in zip(widths, self._there) if at >= 0]
            fill_nan([place for place, at in zip(to, self._there) if at < 0], rows)
        if rows == n:
            move(into, here, widths, n)
        else:
            self._moved.take(order, rows, widths, here, into)
        line.kept.commit(rows)
        times = line.kept.times()
        if times[-rows] <= self.passed or times[-rows] < line.last:
            raise HqError(
                f"{schema.key}: rows come after later ones of other symbols; hq-merge lays them in order", DATA
            )
        line.last = times[-1]
        return forming

    def whole(self) -> int:
        """Rows before this ts have all come, as a later one of each line has."""
        return min((line.last for line in self.lines.values()), default=NEVER)

    def ready(self, limit: int, ranks: array[int]) -> tuple[int, Mapping[str, int]]:
        """How many rows there are before `limit`, and where their columns lie until more are taken."""
        self.passed = max(self.passed, limit - 1)
        parts = [(line, bisect_left(line.kept.times(), limit)) for line in self.lines.values() if line.kept.n]
        parts = [(line, n) for line, n in parts if n]
        total = sum(n for _, n in parts)
        names = [name for name, _ in self.columns]
        if not parts:
            return 0, {}
        if len(parts) == 1:
            line, n = parts[0]
            return n, dict(zip(names, line.kept.starts))
        widths = parts[0][0].kept.schema.widths
        places = self._room.columns([*widths, *widths, 8, 8, 8], total)
        into, there = places[: len(widths)], places[len(widths) : 2 * len(widths)]
        rank, order, spare = places[2 * len(widths) :]
        start = 0
        for line, n in parts:
            move(after(into, widths, start), line.kept.starts, widths, n)
            start += n
        self._looked.column("code", into[-1], total)
        self._looked.buffer("table", ranks)
        self._looked.column("out", rank, total)
        self._looked.run()
        for name, at in (("ts", into[0]), ("rank", rank), ("order", order), ("spare", spare)):
            self._by_time.column(name, at, total)
        self._by_time.run()
        self._moved.take(order, total, widths, into, there)
        return total, dict(zip(names, there))

    def drop(self, limit: int) -> None:
        """The rows before `limit` have been run."""
        for line in self.lines.values():
            if line.kept.n:
                line.kept.drop(bisect_left(line.kept.times(), limit))
        if self.waiting > WAITING:
            raise HqError(
                f"{self.waiting} bars wait for a later ts of all series; hq-merge makes a panel of them", DATA
            )

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> list[Any]:
        """The columns, how far the lines have been run, and the rows of each that wait."""
        lines = [[described(one.schema), one.last, one.kept.n, one.kept.columns()] for one in self.lines.values()]
        return [[list(col) for col in self.columns[:-1]], self.passed, lines]

    def load(self, saved: Any) -> None:
        columns, self.passed, lines = shaped(saved, SHAPE)
        self.columns = (*((name, kind) for name, kind in columns), (NUMBER, "i4"))
        for about, last, n, kept in lines:
            schema = undescribed(about)
            self.add(schema)
            line = self.lines[schema.key]
            line.last = last
            if n:
                batch = rows_of(line.kept.schema, n, kept)
                move(line.kept.reserve(n), batch.addresses, line.kept.schema.widths, n)
                line.kept.commit(n)
