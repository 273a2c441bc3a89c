"""A block of rows of one of hq's kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.batch import CODES, MOST_TEXTS, NO_TEXTS, Batch, Schema
from hq_core.formats.rows import BLOCK, ROOM
from hq_core.formats.written import as_text
from hq_core.kinds import extra_of
from hq_core.memory import Memory
from hq_core.saved import Count, shaped
from hq_core.stream.told import Told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hq_core.formats.symbols import Symbols
    from hq_core.roles import Item


class OwnRows:
    """A block of rows of one of hq's kinds, as `RowBlock` is one of bars and trades.

    times   the columns of instants whose names do not say so
    """

    def __init__(
        self, kind: str, period: str, cols: list[tuple[str, str]], times: list[str], symbols: Symbols, share: int
    ) -> None:
        self.kind, self.period, self.cols, self.symbols = kind, period, cols, symbols
        self._extra = extra_of(kind, times)
        self._panel = ("symbol", "s4") in cols
        schema = Schema(kind, "", period, cols)
        self.room = max(1, min(ROOM, BLOCK * 8 // sum(schema.widths)) // share)
        self.total = 0
        self.symbol = ""
        self.texts: dict[str, list[str]] = {name: [] for name, type_ in cols if type_ == "s4" and name != "symbol"}
        self._codes: dict[str, dict[str, int]] = {name: {} for name in self.texts}
        self._told = Told()
        self._schemas: dict[str, Schema] = {}
        self.memory = Memory(schema.blob(self.room))
        places = schema.places(0, self.room)
        self._addresses = [self.memory.address + place for place in places]
        self._places = {name: place // wide for name, place, wide in zip(schema.names, places, schema.widths)}
        self.columns: dict[str, Any] = {}
        for (name, type_), place, wide in zip(cols, places, schema.widths):
            code: Any = CODES.get(type_, "f")  # a vector's values are float32
            self.columns[name] = self.memory.view[place : place + self.room * wide].cast(code)

    def place(self, name: str) -> int:
        """As of `RowBlock`."""
        return self._places[name]

    def series(self) -> Schema:
        """The panel, or the series of the current symbol."""
        found = self._schemas.get(self.symbol)
        if found is None:
            found = self._schemas[self.symbol] = Schema(self.kind, self.symbol, self.period, self.cols, self._extra)
        return found

    def announced(self) -> Iterator[Item]:
        """As of `RowBlock`."""
        if self.symbol not in self._schemas:
            yield self.series()
        if self._panel:
            yield from self.symbols.untold(self.series().key)
        for name, texts in self.texts.items():
            yield from self._told.more(self.series().key, name, texts)

    def code(self, name: str, value: Any) -> int:
        """The code of a text of a column.  Raises ValueError."""
        if isinstance(value, (bool, list, dict)):
            raise ValueError("is no text")
        text, codes = as_text(value), self._codes[name]
        if text not in codes:
            if len(codes) == MOST_TEXTS:
                raise ValueError(f"is one text more than the {MOST_TEXTS} that are read")
            codes[text] = len(codes)
            self.texts[name].append(text)
        return codes[text]

    def batch(self, n: int) -> tuple[Batch, str]:
        """The first n rows of the block; nothing can be wrong with them."""
        self.total += n
        texts = {**(self.symbols.tables if self._panel else NO_TEXTS), **self.texts}
        return Batch(self.series(), n, self._addresses, self.memory, texts), ""

    def save(self) -> dict[str, Any]:
        codes = self.symbols.texts if self._panel else []
        return {"total": self.total, "series": list(self._schemas), "codes": codes, "texts": self.texts}

    def load(self, saved: dict[str, Any]) -> Iterator[Item]:
        shaped(saved, {"total": Count, "series": [str], "codes": [str], "texts": {str: [str]}})
        self.total = saved["total"]
        for name, texts in saved["texts"].items():
            for text in texts:
                self.code(name, text)
        self.symbols.learn(saved["codes"])
        for self.symbol in saved["series"]:
            yield from self.announced()
