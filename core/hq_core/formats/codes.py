"""Rows of panels as records whose codes mean the same wherever the input gives its texts anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hq_core.errors import HqError
from hq_core.formats.coded import coded
from hq_core.formats.symbols import Symbols

if TYPE_CHECKING:
    from hq_core.batch import Batch
    from hq_core.formats.records import Array, RecordLayout


class Codes:
    """The codes of what is written.

    symbols  theirs, of all panels
    """

    def __init__(self) -> None:
        self.symbols = Symbols()
        self._table: list[str] | None = None
        self._of = np.zeros(0, dtype=np.int32)  # code of the input -> ours

    def records(self, layout: RecordLayout, batch: Batch, first: int) -> Array:
        """The rows of a batch as `layout` has them; `first` is the place of the first one."""
        made = layout.records(batch, first)
        if not layout.schema.panel:
            return made
        table = batch.texts.get("symbol", [])
        if table is not self._table or len(table) != len(self._of):
            self._table = table
            self._of = np.array([self._code(text) for text in table], dtype=np.int32)
        coded(batch, "symbol")  # all have texts
        codes = layout.codes(made)
        codes[:] = self._of[codes]
        return made

    def _code(self, text: str) -> int:
        try:
            return self.symbols.code(text)
        except ValueError as error:
            raise HqError(f"symbol '{text[:40]}' {error}") from None
