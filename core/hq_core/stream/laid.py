"""Rows of many symbols laid in the order of a panel, to be written in one piece or in several."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from ctypes import memmove
from typing import TYPE_CHECKING, Any

from hq_core.batch import Batch
from hq_core.jit import Cell
from hq_core.memory import after, move
from hq_core.stream.rows import Numbers, Permutation, Room, by_time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hq_core.batch import Schema
    from hq_core.roles import Out
    from hq_core.stream.rows import Kept


class Laid:
    """The rows of a panel that are to be written, by ts and symbol; the memory is used again for the next ones.

    Until they are put in order the symbol's codes lie behind the other columns.
    """

    def __init__(self, panel: Schema) -> None:
        self.panel = panel
        self._at = panel.index("symbol")
        self._widths = self._symbol_last(panel.widths)
        self._cell, self._moved = Cell(by_time), Permutation()
        self._order, self._spare = Numbers(), Numbers()
        self._room, self._room_in_order = Room(), Room()
        self._lying: list[int] = []
        self._in_order: Batch | None = None
        self._rows: Sequence[tuple[str, Kept, int]] = ()
        self._symbols: dict[int, str] = {}  # by code, of the rows
        self._n = self._done = 0

    def lay(self, rows: Sequence[tuple[str, Kept, int]], codes: Mapping[str, int]) -> None:
        """Take the first rows of each symbol, which are dropped there when all have been written.

        rows  (symbol, where its rows are, how many), by the text of the symbol
        """
        total = sum(n for _, _, n in rows)
        to = self._lying = self._room.columns(self._widths, total)
        done = 0
        for symbol, kept, n in rows:
            move(after(to, self._widths, done), kept.starts, self._widths[:-1], n)
            code = array("i", [codes[symbol]]) * n
            memmove(to[-1] + 4 * done, code.buffer_info()[0], 4 * n)
            done += n
        cell = self._cell
        cell.column("ts", to[rows[0][1].schema.index(self.panel.clock)], total)
        cell.column("order", self._order.at(total), total)
        cell.column("spare", self._spare.at(total), total)
        cell.run()
        self._rows, self._n, self._done, self._in_order = rows, total, 0, None
        self._symbols = {codes[symbol]: symbol for symbol, _, _ in rows}

    def write(self, out: Out, before: int | None = None) -> None:
        """Write the rows with a ts before that one; None: all that are left."""
        if self._done == self._n:
            return
        series = out.series(self.panel)
        if before is None and not self._done:
            self._put_in_order(out.rows(series, self._n))
            out.commit(series, self._n)
            self._done = self._n
        else:
            self._copy(out, series, self._stop(before) - self._done)
        self._drop()

    def places(self, before: int | None = None) -> list[tuple[int, str]]:
        """ts and symbol of the rows that `write` would write."""
        batch, stop = self._laid(), self._stop(before)
        codes = batch.view("symbol")[self._done : stop]
        return [(ts, self._symbols[code]) for ts, code in zip(batch.times()[self._done : stop], codes)]

    def write_next(self, out: Out, n: int) -> None:
        """Write the next n rows."""
        self._copy(out, out.series(self.panel), n)
        self._drop()

    @property
    def waiting(self) -> bool:
        return self._done < self._n

    def _laid(self) -> Batch:
        """All rows, in order."""
        batch = self._in_order
        if batch is None:
            batch = Batch(self.panel, self._n, self._room_in_order.columns(self.panel.widths, self._n))
            self._put_in_order(batch.addresses)
            self._in_order = batch
        return batch

    def _stop(self, before: int | None) -> int:
        return self._n if before is None else bisect_left(self._laid().times(), before, self._done)

    def _copy(self, out: Out, series: Any, n: int) -> None:
        if n:
            out.copy(self._laid().slice(self._done, self._done + n), series)
            self._done += n

    def _drop(self) -> None:
        if self._done == self._n:
            for _, kept, n in self._rows:
                kept.drop(n)

    def _put_in_order(self, to: list[int]) -> None:
        order = self._order.at(self._n)
        self._moved.take(order, self._n, self._widths, self._lying, self._symbol_last(to))

    def _symbol_last(self, columns: Sequence[int]) -> list[int]:
        return [*columns[: self._at], *columns[self._at + 1 :], columns[self._at]]
