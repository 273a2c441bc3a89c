"""The book pass over the rows of one series, a piece at a time, outside a graph."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from hq_core.batch import WIDTHS
from hq_core.book.events import book_pass
from hq_core.graph import PIECE
from hq_core.jit import COLUMNS, Cell

if TYPE_CHECKING:
    from hq_core.book.book import Book
    from hq_core.book.intake import Taken

INS = tuple((name, COLUMNS[kind]) for name, kind in book_pass.args[:5])
OUTS = tuple((name.removeprefix("o_"), COLUMNS[kind]) for name, kind in book_pass.args if name.startswith("o_"))


class Run:
    """book_pass over a book of its own.

    columns   addresses of what it gave of a piece, by the names of OUTS
    """

    def __init__(self, book: Book) -> None:
        self.book = book
        self._cell = Cell(book_pass)
        self._cell.set(**book.params)
        book.bind(self._cell.block)
        self._memory = [array("q", bytes(8 * PIECE)) for _ in OUTS]
        at = [memory.buffer_info()[0] for memory in self._memory]
        self._outs = [f"o_{name}" for name, _ in OUTS], at
        self.columns = dict(zip((name for name, _ in OUTS), at))

    def probe(self, steps: array[int]) -> None:
        """Call these kernels behind each event: pairs of addresses, as `book_pass` has them."""
        self.book["probes"] = steps
        self._cell.buffer("probes", steps)

    def run(self, taken: Taken, start: int, n: int) -> None:
        """The events from `start` on, n of them, at most PIECE."""
        self.book.ready(None, n)
        for name, kind in INS:
            self._cell.column(name, getattr(taken, name) + WIDTHS[kind] * start, n)
        self._cell.columns(*self._outs, n)
        self._cell.run()
