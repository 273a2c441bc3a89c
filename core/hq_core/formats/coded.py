"""Columns of texts in files of columns as codes, and the texts behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hq_core.formats.exact import distinct
from hq_core.formats.unfit import Unfit
from hq_core.stream.tables import Table
from hq_core.stream.told import Told
from hq_core.wire.frame import MAX_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hq_core.batch import Batch, Schema
    from hq_core.formats.exact import Array, ColumnSlice
    from hq_core.formats.symbols import Symbols
    from hq_core.roles import Map


def coded(batch: Batch, name: str) -> Array:
    """(n,) int32 of a batch's s4 column.  Raises HqError DATA for a code without a text."""
    found = np.frombuffer(batch.view(name), dtype="<i4")
    if len(found) and not 0 <= found.min() <= found.max() < len(batch.texts.get(name, ())):
        batch.words(name)  # says what is wrong
    return found


def codes(column: ColumnSlice, symbols: Symbols) -> Array:
    """The codes of a column of symbols."""
    words, at = distinct(column)
    made = np.empty(len(words), dtype=np.int32)
    bad: dict[int, str] = {}
    for i, word in enumerate(words):
        try:
            made[i] = symbols.code(word)
        except ValueError as error:
            bad[i] = f"'{word[:MAX_NAME]}' {error}" if word else str(error)
    if bad:  # of which the first row is told, whatever the order of the words
        where = int(np.argmax(np.isin(at, list(bad))))
        raise Unfit(where, bad[int(at[where])])
    return made[at]


class CodedTexts:
    """The texts of the s4 columns of one file.

    texts  by column, in the order of their codes; those of the panels' symbols are there
    """

    def __init__(self, symbols: Symbols, texts: dict[str, list[str]]) -> None:
        self.texts = texts
        self._symbols = symbols
        self._tables: dict[str, Table] = {}
        self._told = Told()

    def codes(self, schema: Schema, name: str, column: ColumnSlice) -> Array:
        """(n,) int32 of the texts of a column.  Raises Unfit, HqError DATA for too many."""
        if schema.panel and name == "symbol":
            return codes(column, self._symbols)
        words, at = distinct(column)
        table = self._tables.setdefault(name, Table())
        found = np.array(table.take(words, f"column '{name}'"), dtype=np.int32)
        self.texts[name] = table.words
        return found[at]

    def untold(self, schema: Schema) -> Iterator[Map]:
        """The frames that give a series' readers the texts that have come, before the rows that use them."""
        if schema.panel:
            yield from self._symbols.untold(schema.key)
        for name, table in self._tables.items():
            yield from self._told.more(schema.key, name, table.words)
