"""The panels that come to strategies as they are: whose rows are computed, and which just pass."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from hq_core.batch import NEVER, Batch, Schema, series_key, stretches, undescribed
from hq_core.errors import DATA, HqError
from hq_core.options.signal import StrategyOptions
from hq_core.saved import Damaged, shaped
from hq_core.say import iso_text
from hq_core.series.base_panel import BasePanel, OrderedSymbols
from hq_core.series.cross import HELD, CrossSection
from hq_core.stream.rows import Permutation, Room
from hq_core.stream.tables import OneTable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Protocol

    from hq_core.roles import Out
    from hq_core.series.cross import Member, Turns
    from hq_core.series.memories import Memories
    from hq_core.series.orders import Orders
    from hq_core.series.plan import Plan

    class Host(Protocol):
        """What runs strategies.

        signals  the rows themselves are not written;  adds: they are written with further columns
        """

        out: Out
        signals: bool
        adds: bool

        def stands(self, symbol: str, panel: Schema) -> None:
            """A symbol is announced as one of a panel."""

        def settled(self, symbol: str, panel: Schema) -> bool:
            """The symbol has rows there; whether that is its base."""

        def passed(self, symbol: str, rows: int) -> None:
            """So many rows were not of its base."""

        def planned(self, panel: Schema) -> tuple[Plan, Orders, Turns | None]:
            """What is computed of a panel's symbols, and ordered, and what has to be computed before."""


UNKNOWN, PASSES, COMPUTED = -1, 0, 1
PANELS = {"texts": OneTable.SHAPE, "across": HELD}


class Panel:
    """A panel of bars.

    base     what computes the rows of the symbols of which it is the base
    symbols  by code, as far as they have been asked for; roles: by code UNKNOWN, PASSES or COMPUTED
    last     ts of its last closed row; here: the open section has announced it
    """

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.base: BasePanel | None = None
        self.symbols: list[str] = []
        self.roles = array("b")
        self.last = NEVER
        self.here = True
        self._table: Sequence[str] = ()
        self._moved, self._room = Permutation(), Room()

    def learn(self, batch: Batch, role: Callable[[str], int]) -> None:
        """Ask for the roles of the symbols that have rows, of each once."""
        table = batch.texts.get("symbol", [])
        if table is not self._table:
            self._table, self.symbols, self.roles = table, [], array("b")
        if len(table) != len(self.symbols):
            self.roles.extend([UNKNOWN] * (len(table) - len(self.symbols)))
            self.symbols = list(table)
        if UNKNOWN in self.roles:
            for code in set(batch.view("symbol").tolist()):
                if 0 <= code < len(table) and self.roles[code] == UNKNOWN:
                    self.roles[code] = role(table[code])

    def forget(self) -> None:
        """What symbols do here is asked anew."""
        self._table = ()

    def passing(self, batch: Batch) -> dict[str, int]:
        """How many rows just pass, by symbol."""
        found: dict[str, int] = {}
        if PASSES in self.roles:
            for code in batch.view("symbol").tolist():
                if 0 <= code < len(self.roles) and self.roles[code] == PASSES:
                    found[self.symbols[code]] = found.get(self.symbols[code], 0) + 1
        return found

    def those(self, batch: Batch, role: int) -> Batch:
        """The rows of the symbols of one role; valid until the next call."""
        codes = batch.view("symbol").tolist()
        rows = array("q", (row for row, code in enumerate(codes) if self.roles[code] == role))
        widths, n = batch.schema.widths, len(rows)
        to = self._room.columns(widths, n)
        self._moved.take(rows.buffer_info()[0], n, widths, batch.addresses, to)
        return Batch(batch.schema, n, to, (batch.keep, self._room.memory), batch.texts)


class Panels:
    """Those of a stage, whose symbols go on where their series do."""

    def __init__(self, host: Host, memories: Memories, across: bool) -> None:
        self._host = host
        self._memories = memories
        self._tables = OneTable(joined=True) if across else None
        self._sections: dict[str, CrossSection] = {}  # by the panels' name
        self._members: dict[BasePanel, Member] = {}
        self._panels: dict[tuple[str, tuple[tuple[str, str], ...]], Panel] = {}
        self._open: dict[str, Panel] = {}  # by name, the one announced last
        self._early: dict[str, list[str]] = {}  # symbols of panels that have not been announced yet
        self._symbols: dict[str, OrderedSymbols] = {}  # of the orders' panels, by period

    def orders(self, period: str) -> bool:
        """Whether a panel of orders of that period is written."""
        return bool(period in self._symbols and self._symbols[period].codes)

    def announce(self, schema: Schema) -> None:
        host = self._host
        panel = self._panels.get((schema.key, schema.cols))
        if panel is None:
            panel = self._panels[schema.key, schema.cols] = Panel(schema)
        panel.schema, panel.here, self._open[schema.key] = schema, True, panel
        for symbol in self._early.pop(schema.key, ()):
            host.stands(symbol, schema)
        if panel.base is not None:
            panel.base.announce(schema, host.out, host.signals)
        elif not (host.adds or host.signals):  # what may have further columns is announced with its first symbol
            host.out.series(schema)

    def tells(self, name: str) -> bool:
        """Whether the texts of a series are given as its rows are written, and not as they come."""
        return self._tables is not None and name.startswith("bar//")

    def texts(self, frame: dict[str, Any]) -> None:
        """The symbols of a panel of bars."""
        if self._tables is not None:
            self._tables.learn(frame)
        panel = self._open.get(frame["of"])
        if panel is None:
            self._early.setdefault(frame["of"], []).extend(filter(None, frame["values"]))
            return
        for symbol in filter(None, frame["values"]):
            self._host.stands(symbol, panel.schema)
        if panel.base is not None:
            panel.base.tell(self._host.out)

    def base(self, symbol: str, schema: Schema) -> None:
        """A panel is the base of a symbol that stands in it."""
        panel, host = self._panels[schema.key, schema.cols], self._host
        if panel.base is None:
            plan, orders, turns = host.planned(schema)
            symbols = self._symbols.setdefault(schema.period, OrderedSymbols())
            panel.base = base = BasePanel(schema, plan, self._memories, orders, symbols, turns)
            if self._tables is not None:
                self._members[base] = self._sections.setdefault(schema.key, CrossSection(schema.key)).add(base)
        panel.base.symbols.add(symbol)
        key = series_key(schema, symbol)
        if not self._memories.has(key):
            self._memories.to_room(key, panel.base.apart.room)

    def rows(self, batch: Batch) -> None:
        host = self._host
        panel = self._panels[batch.schema.key, batch.schema.cols]
        panel.learn(batch, lambda symbol: COMPUTED if host.settled(symbol, panel.schema) else PASSES)
        passing = panel.passing(batch)
        for symbol, n in passing.items():
            host.passed(symbol, n)
        passed = sum(passing.values())
        if self._tables is not None:
            self._across(panel, batch, passed)
            return
        self._in_turn(panel, batch)
        if passed == batch.n:
            if not host.signals:
                host.out.copy(batch)
            return
        assert panel.base is not None
        if not passed:
            panel.base.rows(batch, host.out, host.signals)
            return
        panel.base.rows(panel.those(batch, COMPUTED), host.out, host.signals or not host.adds)
        if not host.signals:  # in one piece where all are written with the same columns
            host.out.copy(panel.those(batch, PASSES) if host.adds else batch)

    def _in_turn(self, panel: Panel, batch: Batch) -> None:
        """Refuse rows behind later ones of a panel of that name: what is ordered on both is one panel, by ts."""
        closed = [part for part, whole in stretches(batch) if whole]
        if not closed:
            return
        key, first = batch.schema.key, closed[0].ts(0)
        others = (one.last for one in self._panels.values() if one is not panel and one.schema.key == key)
        last = max(others, default=NEVER)
        if panel.base is not None and first < last:
            what = f"{key}: rows from {iso_text(first)} come behind those of {iso_text(last)} that have other columns"
            raise HqError(what, DATA, hint="hq-merge lays them in order")
        panel.last = batch.ts(batch.last_whole())

    # -- cross-sections ----------------------------------------------------------------------------------
    def _across(self, panel: Panel, batch: Batch, passed: int) -> None:
        """Rows of a panel over whose symbols something is computed, which wait for all rows of their ts."""
        tables, host, schema = self._tables, self._host, batch.schema
        assert tables is not None
        batch = Batch(schema, batch.n, tables.coded(batch), batch, tables.of(schema))
        at = batch.last_whole()
        panel.last = max(panel.last, batch.view("ts")[at]) if at >= 0 else panel.last
        if passed == batch.n:
            self._tell_texts(schema)
            if not host.signals:
                host.out.copy(batch)
            return
        if passed:
            what = f"{schema.key}: of its symbols some have finer bars and others have none, so none is the base of all"
            raise HqError(what, DATA, hint=("say which, ", StrategyOptions.period, f" {schema.period}"))
        assert panel.base is not None
        section = self._sections[schema.key]
        section.take(self._members[panel.base], batch)
        section.release(self._whole(schema.key), self._write)
        section.check()

    def _whole(self, key: str) -> int:
        """No further row of panels of that name comes with an earlier ts, unless they are not in order."""
        return min(
            (panel.last for panel in self._panels.values() if panel.here and panel.schema.key == key), default=NEVER
        )

    def _write(self, base: BasePanel, batch: Batch, carried: Mapping[str, int]) -> None:
        host = self._host
        if not host.signals:
            host.out.series(base.written)
        self._tell_texts(base.schema)
        base.write(batch, host.out, host.signals, carried)

    def _tell_texts(self, schema: Schema) -> None:
        """Give the texts that have come to whoever reads the rows."""
        assert self._tables is not None
        for frame in self._tables.untold(schema) if not self._host.signals else ():
            self._host.out.map(frame)

    def mark(self, ts: int) -> None:
        """No row comes with an earlier ts."""
        for section in self._sections.values():
            section.release(ts, self._write)

    def finish(self, more: bool, drop: Callable[[str, int], None]) -> None:
        """The input ended: later rows would lie at its last ts or behind it, so that one alone may not be whole."""
        for section in self._sections.values() if not more else ():
            last = max(panel.last for panel in self._panels.values() if panel.schema.key == section.key)
            section.release(last, self._write)
            if section.waiting:
                drop(f"{section.key}: no later row or mark said that their ts was whole", section.waiting)
        for panel in self._panels.values() if self._tables is not None else ():
            self._tell_texts(panel.schema)

    def save(self) -> dict[str, Any]:
        return {
            "texts": self._tables.save() if self._tables else [],
            "across": [section.save() for section in self._sections.values()],
        }

    def load(self, saved: dict[str, Any]) -> None:
        """Take up what `save` gave; the bases of the symbols are known."""
        if self._tables is None:
            return
        saved = shaped(saved, PANELS)
        self._tables.load(saved["texts"])
        for _, passed, members in saved["across"]:
            for about, n, columns in members:
                schema = undescribed(about)
                self._panels[schema.key, schema.cols] = panel = Panel(schema)
                texts = self._tables.of(schema)
                for symbol in texts.get("symbol", ()):
                    if self._host.settled(symbol, schema):
                        self.base(symbol, schema)
                if panel.base is None:
                    raise Damaged(f"{schema.key}: rows wait of symbols that have no bars")
                section = self._sections[schema.key]
                section.passed, panel.here = passed, False
                section.put(self._members[panel.base], n, columns, texts)

    def tell(self) -> None:
        """Announce the bases that have been found."""
        for panel in self._panels.values():
            if panel.base is not None:
                panel.base.announce(panel.schema, self._host.out, self._host.signals)

    def section(self) -> None:
        """A section begins: texts of codes are given anew."""
        for symbols in self._symbols.values():
            symbols.anew()
        for panel in self._panels.values():
            panel.here = False
        if self._tables is not None and not self._host.signals:
            for frame in self._tables.told_anew():
                self._host.out.map(frame)
        for panel in self._panels.values():
            panel.forget()
            if panel.base is not None:
                panel.base.tell(self._host.out)
