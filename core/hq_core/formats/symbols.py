"""The symbols of an input's panels: a code for each, which a kernel finds by the bytes that stand in the file."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from hq_core.batch import MOST_TEXTS
from hq_core.errors import HqError
from hq_core.formats.text_kernel import FACTOR, LOW
from hq_core.stream.told import Told
from hq_core.wire.frame import MAX_NAME, is_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hq_core.jit import Cell
    from hq_core.roles import Map

WORD = (1 << 64) - 1
FIRST = 64  # places of the table at first, a power of two


class Symbols:
    """The codes of all panels of one input.

    texts   by code
    tables  what the batches of each panel, by its key, say of their codes
    """

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.tables = {"symbol": self.texts}
        self._codes: dict[str, int] = {}
        self._told = Told()

    def code(self, text: str) -> int:
        """The code of a symbol, which is learnt if it is new.  Raises ValueError where it is none."""
        found = self._codes.get(text)
        if found is not None:
            return found
        if not text:
            raise ValueError("is empty")
        if not is_name(text):
            raise ValueError(f"is no symbol: up to {MAX_NAME} characters that can be printed")
        if len(self.texts) >= MOST_TEXTS:
            raise ValueError(f"is one symbol more than the {MOST_TEXTS} that are read in one input")
        self._codes[text] = len(self.texts)
        self.texts.append(text)
        return len(self.texts) - 1

    def learn(self, texts: Iterable[str]) -> None:
        """Take up the symbols of a state, in the order of their codes."""
        for text in texts:
            try:
                self.code(text)
            except ValueError as error:
                raise HqError(f"symbol {text!r:.40} {error}") from None

    def untold(self, key: str) -> Iterator[Map]:
        """The texts that a panel has not been told yet: they stand before the rows that use them."""
        return self._told.more(key, "symbol", self.texts)

    def forget_told(self) -> None:
        """A section of the stream begins: texts are given anew."""
        self._told.forget()


class Spellings:
    """How symbols stand in a file, each with its code: a table that a kernel looks into."""

    def __init__(self) -> None:
        self._bytes = array("B")  # every spelling, one behind the other
        self._ends = array("q", [0])
        self._of = array("q")  # spelling -> code
        self._hashes = array("Q")
        self._slots = array("q", bytes(8 * FIRST))  # by hash: a spelling's number from 1 on, 0 for none
        self._cell: Cell | None = None

    def bind(self, cell: Cell) -> None:
        """Give the table to a kernel's cell, now and whenever it has grown; one cell has it."""
        self._cell = cell
        self._give(cell)

    def _give(self, cell: Cell) -> None:
        for name, values in (("names", self._bytes), ("ends", self._ends), ("codes", self._of), ("slots", self._slots)):
            cell.column(name, values.buffer_info()[0], len(values))

    def spell(self, raw: bytes, code: int) -> bool:
        """Let the kernel find a code by these bytes; False where it knows as many spellings as it may."""
        number = len(self._of)
        if number >= MOST_TEXTS:
            return False
        self._bytes.frombytes(raw)
        self._ends.append(len(self._bytes))
        self._of.append(code)
        self._hashes.append(_hashed(raw))
        if 2 * number >= len(self._slots):
            self._slots = array("q", bytes(16 * len(self._slots)))
            for at, mixed in enumerate(self._hashes):
                self._place(at, mixed)
        else:
            self._place(number, self._hashes[number])
        if self._cell is not None:
            self._give(self._cell)
        return True

    def _place(self, number: int, mixed: int) -> None:
        mask = len(self._slots) - 1
        at = mixed & mask
        while self._slots[at]:
            at = (at + 1) & mask
        self._slots[at] = number + 1


def _hashed(raw: bytes) -> int:
    """As the kernel has it."""
    mixed = 0
    for byte in raw:
        mixed = (mixed ^ byte) * FACTOR & WORD
    return (mixed ^ mixed >> 32) & LOW
