"""What is written of one book, piece by piece: one class for each thing that can be asked for."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from hq_core.batch import Schema
from hq_core.book.flags import BOTH_VIEWS, BUY, CLEAR, SELL, SNAPSHOT, UNKNOWN
from hq_core.book.ladder import STATE
from hq_core.book.ladder import UNKNOWN as NOT_KNOWN
from hq_core.book.shown import depths, quotes, snapshot, updates
from hq_core.graph import PIECE
from hq_core.jit import Cell
from hq_core.kinds import BOOK, BOOK_UPDATE, DEPTH, QUOTE, extra_of
from hq_core.memory import Memory, move
from hq_core.saved import Damaged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hq_core.book.book import Book
    from hq_core.book.run import Run
    from hq_core.jit import Kernel
    from hq_core.roles import Out

SIDES = ((0, BUY), (1, SELL))
WHOLE = BOTH_VIEWS | SNAPSHOT


def _series(of: str, symbol: str, cols: Any) -> Schema:
    return Schema(of, symbol, "", cols, extra_of(of))


class Shown:
    """Rows that a kernel of shown.py makes of the columns of each piece."""

    KERNEL: Kernel

    def __init__(self, written: Schema, tick: tuple[int, int]) -> None:
        self.written = written
        self.cell = Cell(self.KERNEL)
        self.cell.set(over=tick[0], under=tick[1])
        self._room = Memory(written.blob(PIECE))
        self._at = written.places(self._room.address, PIECE)

    def bind(self, book: Book, run: Run) -> None:
        """The book that is shown, and what runs it."""

    def begin(self, ts: int, exch_ts: int, rows: int, row: int, n: int, columns: Mapping[str, int]) -> None:
        """A piece is run next.

        ts, exch_ts   addresses of times of all rows of the batch, `rows` of them
        row           address of which of them each of the n events is
        columns       where the pass writes, and `code`, which it reads
        """
        outs = [name for name, _ in self.KERNEL.args if name.startswith("o_")]
        self.cell.columns(outs, self._at, PIECE)
        self.cell.column("ts", ts, rows)
        self._reads(columns, n)
        if "exch_ts" in self.KERNEL.kinds:
            self.cell.column("exch_ts", exch_ts, rows)
        self.cell.column("row", row, n)

    def _reads(self, columns: Mapping[str, int], n: int) -> None:
        read = {name: at for name, at in columns.items() if name in self.KERNEL.kinds}
        self.cell.columns(read, read.values(), n)

    def write(self, out: Out) -> None:
        """The piece has run."""
        self.cell.run()
        self._give(out)

    def _give(self, out: Out) -> None:
        n = self.cell.state.n
        if n:
            series = out.series(self.written)
            move(out.rows(series, n), list(self._at), self.written.widths, n)
            out.commit(series, n)

    def save(self) -> bytes:
        return self.cell.save()

    def load(self, saved: bytes) -> None:
        self.cell.load(saved)


class Quotes(Shown):
    """The best bid and ask, as they change."""

    KERNEL = quotes

    def __init__(self, symbol: str, tick: tuple[int, int]) -> None:
        super().__init__(_series("quote", symbol, QUOTE.cols), tick)


class Updates(Shown):
    """What each event did."""

    KERNEL = updates

    def __init__(self, symbol: str, tick: tuple[int, int]) -> None:
        super().__init__(_series("book_update", symbol, BOOK_UPDATE.cols), tick)


class Depths(Shown):
    """The best levels, as they change: a probe, as they are there only until the next event."""

    KERNEL = depths

    def __init__(self, symbol: str, tick: tuple[int, int], levels: int) -> None:
        names = [one.name.removesuffix("N") + str(k) for k in range(1, levels + 1) for one in DEPTH.behind]
        super().__init__(_series("depth", symbol, [*DEPTH.cols, *((name, "f8") for name in names)]), tick)
        self.levels = levels
        self.last = array("d", bytes(8 * (4 * levels + 6)))
        self.cell.set(levels=levels, room=PIECE)
        self.cell.buffer("last", self.last)
        self._step = array("q", self.cell.step)

    def bind(self, book: Book, run: Run) -> None:
        book.bind(self.cell.block)
        run.probe(self._step)

    def begin(self, ts: int, exch_ts: int, rows: int, row: int, n: int, columns: Mapping[str, int]) -> None:
        cell = self.cell
        cell.columns(("o_ts", "o_quality"), self._at, PIECE)
        cell.column("o_levels", self._at[2], 4 * self.levels * PIECE)
        cell.column("ts", ts, rows)
        cell.column("rows", row, n)
        self._reads(columns, n)
        cell.state.n = 0

    def write(self, out: Out) -> None:
        self._give(out)

    def save(self) -> bytes:
        return self.cell.save() + self.last.tobytes()

    def load(self, saved: bytes) -> None:
        record = depths.state_bytes
        if len(saved) != record + 8 * len(self.last):
            raise Damaged(f"{self.written.key}: {len(saved)} bytes of {self.levels} levels")
        self.cell.load(saved[:record])
        self.last[:] = array("d", saved[record:])


class Snapshots:
    """Whole books as events, such as hftbacktest writes: of SNAPSHOT flags, bids then asks, best first.

    every  ns between them; 0: one at the end.  Of a boundary behind which nothing came none is written.
    """

    def __init__(self, symbol: str, tick: tuple[int, int], every: int) -> None:
        self.written = _series("book", symbol, BOOK.cols)
        self.tick = tick
        self.every = every
        self._cell = Cell(snapshot)
        self._cell.set(over=tick[0], under=tick[1])

    def boundary(self, ts: int) -> int:
        """The first instant at or behind ts at which one is due."""
        return -(-ts // self.every) * self.every

    def write(self, out: Out, book: Book, ts: int, exch_ts: int) -> None:
        """The book as it is now.  One of several begins with a CLEAR of what the one before said."""
        sides = [] if book["at"][STATE] == NOT_KNOWN else [(*book.levels(side), flag) for side, flag in SIDES]
        clears = int(self.every > 0 or not sides)
        n = clears + sum(len(ticks) for ticks, _, _ in sides)
        if not n:
            return
        zero = array("q", bytes(8 * n))
        ev, px, qty, ival = array("q", zero), array("d", bytes(8 * n)), array("d", bytes(8 * n)), array("q", zero)
        if clears:
            ev[0] = BOTH_VIEWS | CLEAR
            ival[0] = 0 if sides else UNKNOWN
        start = clears
        for ticks, held, flag in sides:
            self._cell.buffer("tick", ticks)
            self._cell.buffer("qty", held)
            self._cell.set(flags=WHOLE | flag)
            for name, column in (("o_ev", ev), ("o_px", px), ("o_qty", qty)):
                self._cell.column(name, column.buffer_info()[0] + 8 * start, len(ticks))
            self._cell.run()
            start += len(ticks)
        columns = array("q", [ts]) * n, ev, array("q", [exch_ts]) * n, px, qty, zero, ival, zero
        series = out.series(self.written)
        move(out.rows(series, n), [one.buffer_info()[0] for one in columns], self.written.widths, n)
        out.commit(series, n)
