"""Rows as bytes of csv or JSON: what the writing kernel is told of a series, and the blocks that it fills."""

from __future__ import annotations

from array import array
from itertools import accumulate
from typing import TYPE_CHECKING

from hq_core.batch import WIDTHS
from hq_core.formats.row_kernel import ALL, COUNT, EIGHT, FOUR, ISO, ONE, REAL, SLACK, WIDEST, written
from hq_core.formats.shortest import powers_of_ten
from hq_core.formats.times import UNITS
from hq_core.jit import Cell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from hq_core.batch import Batch

BLOCK = 1 << 18  # bytes that the kernel fills at once
OPS = {"f8": REAL, "i8": EIGHT, "i4": FOUR, "s4": FOUR, "i1": ONE, "b1": ONE}
MOST_WORDS = 4096  # values between the least and the greatest one that has a word
_powers: list[array[int]] = []
_room = [bytearray()]  # where blocks are filled: one for all series, of which there may be thousands


class ColumnText:
    """How one column is written.

    before  what stands before its value
    time    '' for no instant, iso, or the unit in which it is counted
    words   of its values; others are written as numbers
    coded   makes the word of a text, where the column's values are codes of texts
    """

    __slots__ = ("at", "before", "coded", "kind", "name", "time", "words")

    def __init__(
        self,
        at: int,
        column: tuple[str, str],
        before: bytes,
        time: str = "",
        words: Mapping[int, str] | None = None,
        coded: Callable[[str], str] | None = None,
    ) -> None:
        self.at = at
        self.name, self.kind = column
        self.before = before
        self.time = time
        self.words = words or {}
        self.coded = coded

    @property
    def fits(self) -> bool:
        """Whether the kernel writes it: it has no words for free text, for vectors, and for values far apart."""
        spread = max(self.words) - min(self.words) if self.words else 0
        return self.kind in OPS and spread < MOST_WORDS

    @property
    def op(self) -> int:
        if self.time:
            return ISO if self.time == "iso" else COUNT
        return OPS[self.kind]


class RowText:
    """Writes the rows of one series.

    columns  in the order in which they are written
    after    what stands behind a row
    odd      NaN, infinity and minus infinity as they are written
    """

    def __init__(self, columns: Sequence[ColumnText], after: str, odd: tuple[str, str, str]) -> None:
        self._columns = columns
        self._after, self._odd = after, odd
        self._tables: list[tuple[list[str], int]] = [([], 0) for _ in columns]
        self._cell = Cell(written)
        self._kept: list[object] = []
        self._most = 0
        if not _powers:
            _powers.append(powers_of_ten())
        self._cell.buffer("powers", _powers[0])
        for name in ("eights", "reals", "fours", "ones"):
            self._cell.column(name, 0, ALL)
        self._cell.buffer("op", array("q", [one.op for one in columns]))
        self._place = array("q", bytes(8 * len(columns)))
        self._cell.buffer("place", self._place)
        self._describe({})

    def _describe(self, texts: Mapping[str, list[str]]) -> None:
        """Tell the kernel all words."""
        words = [one.before for one in self._columns]
        words += [self._after.encode(), *(one.encode() for one in self._odd)]
        first, low, count, unit = (array("q", bytes(8 * len(self._columns))) for _ in range(4))
        self._most = SLACK + sum(map(len, words))
        for i, one in enumerate(self._columns):
            made: list[str] = []
            if one.coded is not None and one.name in texts:
                table = texts[one.name]
                self._tables[i] = table, len(table)
                made, unit[i] = [one.coded(text) for text in table], 1
            elif one.words:
                low[i] = min(one.words)
                made = [one.words.get(value, str(value)) for value in range(low[i], max(one.words) + 1)]
            elif one.time and one.time != "iso":
                unit[i] = UNITS[one.time]
            first[i], count[i] = len(words), len(made)
            spelt = [text.encode() for text in made]
            words += spelt
            self._most += max(WIDEST, *map(len, spelt)) if spelt else WIDEST
        for name, values in (("first", first), ("low", low), ("count", count), ("unit", unit)):
            self._cell.buffer(name, values)
        self._cell.buffer("texts", bytearray(b"".join(words) + bytes(SLACK)))
        self._cell.buffer("ends", array("q", accumulate(map(len, words), initial=0)))

    def blocks(self, batch: Batch) -> Iterator[memoryview]:
        """The rows' bytes, each block valid until the next one; `wrong` is called where a value cannot be written."""
        for i, one in enumerate(self._columns):
            self._place[i] = batch.addresses[one.at] // WIDTHS[one.kind]
            if one.coded is not None:
                table = batch.texts.get(one.name, [])
                if self._tables[i][0] is not table or self._tables[i][1] != len(table):
                    self._describe(batch.texts)
        cell, state = self._cell, self._cell.state
        if len(_room[0]) < BLOCK + self._most:
            _room[0] = bytearray(BLOCK + self._most)
        out = _room[0]
        cell.buffer("out", out)
        cell.set(n=batch.n, most=self._most)
        state.row = 0
        while state.row < batch.n:
            cell.run()
            if state.used:
                yield memoryview(out)[: state.used]
            if state.wrong >= 0:
                raise Unwritable(self._columns[state.wrong], state.row)


class Unwritable(Exception):
    """A value that has no text: of this column, in this row of the batch."""

    def __init__(self, column: ColumnText, row: int) -> None:
        super().__init__(column, row)
        self.column = column
        self.row = row
