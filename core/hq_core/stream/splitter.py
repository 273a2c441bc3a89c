"""Panels taken apart: a sink is given the series of their symbols."""

from __future__ import annotations

from typing import Any

from hq_core.batch import SCHEMA, Batch, Schema, described, series_of, symbol_of, undescribed
from hq_core.memory import after
from hq_core.roles import Sink
from hq_core.stream.rows import BySymbol, Permutation, Room


class Splitter(Sink):
    """Gives a sink the series of panels; all else passes as it is.

    The texts of a panel's symbols announce their series, so that whoever reads them knows of them before their rows.
    Panels of one name share these texts: a symbol is then announced with its first rows, or with the texts where the
    panel was announced once more for them, as hq's own writers do.
    """

    SHAPE = [(SCHEMA, [str])]

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self._known: list[tuple[Schema, dict[str, Schema]]] = []  # each panel, and the series of its symbols
        self._now: dict[str, tuple[Schema, dict[str, Schema]]] = {}  # by name, which panels of other columns share
        self._open: dict[str, list[Schema]] = {}  # the panels of each name that the open section has announced
        self._again: set[str] = set()  # names of which one was announced once more, and no rows have come since
        self._told: dict[str, dict[str, Schema]] = {}  # symbols without rows, by name, and the panel announced last
        self._announced: dict[str, Schema] = {}  # the series that the sink has been told of last, by name
        self._plain: set[str] = set()  # names of series without a symbol that are no panels
        self._early: dict[str, list[dict[str, Any]]] = {}  # texts of what is not announced yet, by its name
        self._symbols: BySymbol | None = None
        self._moved: Permutation
        self._room = Room()

    def schema(self, schema: Schema) -> None:
        early = self._early.pop(schema.key, ())
        if not schema.panel:
            self._plain.add(schema.key)
            self._announced[schema.key] = schema
            for frame in early:
                self.sink.other(frame)
            self.sink.schema(schema)
            return
        here = self._open.setdefault(schema.key, [])
        if any(panel.same_as(schema) for panel in here):
            self._again.add(schema.key)
        else:
            self._again.discard(schema.key)
            here.append(schema)
        self._enter(schema)
        for frame in early:
            self.other(frame)

    def _enter(self, panel: Schema) -> None:
        """It is the one of its name from here on."""
        found = next((series for known, series in self._known if known.same_as(panel)), None)
        if found is None:
            found = {}
            self._known.append((panel, found))
        self._now[panel.key] = panel, found

    def rows(self, batch: Batch) -> None:
        if not batch.schema.panel:
            self.sink.rows(batch)
            return
        self._again.discard(batch.schema.key)
        self._turn(batch.schema)
        for one in self.parts(batch):
            self.sink.rows(one)

    def _turn(self, panel: Schema) -> dict[str, Schema]:
        """The series of a panel, which is the one of its name from here on."""
        now = self._now.get(panel.key)
        if now is None or now[0] is not panel:
            self._enter(panel)
            now = self._now[panel.key]
        return now[1]

    def parts(self, batch: Batch) -> list[Batch]:
        """The rows of each symbol, in the order of their codes; valid until the next call."""
        schema, n = batch.schema, batch.n
        if self._symbols is None:
            self._symbols, self._moved = BySymbol(), Permutation()
        self._symbols.sort(batch)
        at = schema.index("symbol")
        widths = [w for i, w in enumerate(schema.widths) if i != at]
        given = [address for i, address in enumerate(batch.addresses) if i != at]
        to = self._room.columns(widths, n)
        self._moved.take(self._symbols.order, n, widths, given, to)
        table = batch.texts.get("symbol", [])
        texts = {name: words for name, words in batch.texts.items() if name != "symbol"}
        found, start = [], 0
        for symbol, stop in zip(table, self._symbols.stops):
            if stop > start:
                series = self.series(schema, symbol)
                found.append(Batch(series, stop - start, after(to, widths, start), self._room.memory, texts))
                start = stop
        return found

    def series(self, panel: Schema, symbol: str) -> Schema:
        """The series of a symbol, which is announced when it is new."""
        known = self._turn(panel)
        found = known.get(symbol)
        if found is None:
            found = known[symbol] = series_of(panel, symbol)
        if self._announced.get(found.key) is not found:
            self._announced[found.key] = found
            self._told.get(panel.key, {}).pop(symbol, None)
            self.sink.schema(found)
        return found

    def symbols(self) -> list[tuple[Schema, list[str]]]:
        """Each panel so far, and its symbols."""
        return [(panel, list(series)) for panel, series in self._known]

    def mark(self, ts: int) -> None:
        self.sink.mark(ts)

    def other(self, frame: dict[str, Any]) -> None:
        """Texts of panels are not passed on: symbols are announced as series, rows have the others with them."""
        if frame["kind"] != "strings" or symbol_of(frame["of"]) or frame["of"] in self._plain:
            self.sink.other(frame)
            return
        now = self._now.get(frame["of"])
        if now is None:
            self._early.setdefault(frame["of"], []).append(frame)
        elif frame["col"] == "symbol":
            sure = frame["of"] in self._again or len(self._sharing(frame["of"])) == 1
            for symbol in filter(None, frame["values"]):  # an empty one has no rows: the Reader sees to it
                if sure:
                    self.series(now[0], symbol)
                elif not any(symbol in series for panel, series in self._known if panel.key == frame["of"]):
                    self._told.setdefault(frame["of"], {})[symbol] = now[0]

    def _sharing(self, name: str) -> list[Schema]:
        """The panels that texts of that name may be of: those of the open section, or without any all so far."""
        return self._open.get(name) or [panel for panel, _ in self._known if panel.key == name]

    def rest(self) -> None:
        """No further rows come: symbols that had none are announced as those of the panel announced before them."""
        for symbols in list(self._told.values()):
            for symbol, panel in list(symbols.items()):
                self.series(panel, symbol)

    def section(self) -> None:
        """A section begins: it announces anew what it has."""
        self.rest()
        self._open, self._told = {}, {}
        self._again = set()

    def flush(self) -> None:
        self.sink.flush()

    def finish(self, more: bool) -> None:
        self.sink.finish(more)

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> list[Any]:
        return [[described(panel), symbols] for panel, symbols in self.symbols()]

    def load(self, saved: list[Any]) -> None:
        """Take up which symbols each panel has had; with their next rows the sink is told of them again."""
        for about, symbols in saved:
            panel = undescribed(about)
            self._known.append((panel, {symbol: series_of(panel, symbol) for symbol in symbols}))
