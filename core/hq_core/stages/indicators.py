"""hq-indicators: indicator columns are added to the bar rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.batch import Schema, period_ns
from hq_core.errors import USAGE, HqError
from hq_core.graph import Scratch, settings_of
from hq_core.options.settings import SettingsOptions
from hq_core.registry import digests
from hq_core.roles import Stage
from hq_core.saved import taking
from hq_core.series.memories import Memories
from hq_core.series.panel import PanelUnit
from hq_core.series.plan import Plan
from hq_core.series.readers import READERS, Readers, elsewhere
from hq_core.series.unit import UNIT, Unit
from hq_core.specs import distinct, exprs_of, several

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hq_core.batch import Batch
    from hq_core.graph import Settings
    from hq_core.jit import Kernel
    from hq_core.specs import Spec


class Indicators(Stage):
    """Adds the columns of `specs` to every bar series; other kinds pass untouched.

    specs     `rsi:14`, each as text, parsed, or several of them in a sequence
    settings  whose rules they follow
    missing   error or warn: what it is when a series that a spec reads is not in the input

    Raises HqError USAGE for what is none of that, and where no spec is named.
    """

    panels = "apart"
    SHAPE = {"units": {str: UNIT}, **READERS}

    def __init__(
        self,
        *specs: str | Spec | Iterable[str | Spec],
        settings: Settings | None = None,
        missing: str = SettingsOptions.missing.default,
    ) -> None:
        super().__init__()
        if not specs:
            raise HqError("name at least one indicator, such as rsi:14", USAGE)
        self.settings = settings_of(settings)
        self.specs = distinct([one for given in specs for one in several(given)])
        self.inputs = digests(entry for one in self.specs for entry in one.entries())
        self._units: dict[str, Unit] = {}
        self._reading: list[Unit] = []  # those that read other series, the only ones that time concerns
        self._panels: dict[tuple[str, tuple[tuple[str, str], ...]], PanelUnit] = {}
        if not any(spec.elsewhere() for spec in self.specs):
            self.panels = "whole"  # each symbol by itself, which needs no series of its own
        self._named = {symbol for spec in self.specs for symbol in spec.symbols()}
        self._readers = Readers("an indicator", missing)
        self._scratch = Scratch()
        self._memories = Memories(self._units)

    def schema(self, schema: Schema) -> None:
        if schema.of != "bar":
            self.out.series(schema)
            return
        if schema.panel:
            self._of_panel(schema).announce(schema, self.out)
            return
        self._readers.announce(schema)
        if schema.symbol in self._named:
            self._readers.prepare(schema, (self._plan(one) for one in elsewhere(schema)))
        unit = self._units.get(schema.key)
        if unit is None:
            unit = self._units[schema.key] = Unit(schema, self._plan(schema), self.note, self._readers.feed)
            saved = self._memories.begins(schema.key)
            if unit.feeds:
                self._reading.append(unit)
            self._readers.add(unit, resumed=saved is not None)
            if saved is not None:
                with taking():
                    unit.load(saved)
        unit.announce(schema, self.out)

    def rows(self, batch: Batch) -> None:
        schema = batch.schema
        if schema.of != "bar":
            self.out.copy(batch)
            return
        if schema.panel:
            self._of_panel(schema).rows(batch, self.out)
            return
        where = schema.symbol, period_ns(schema.period)
        self._readers.heard.add(where)
        self._readers.rows(where, batch, self.out)
        if self._panels:
            self._memories.to_unit(schema.key)
        self._units[schema.key].rows(batch, self.out)

    def _of_panel(self, schema: Schema) -> PanelUnit:
        found = self._panels.get((schema.key, schema.cols))
        if found is None:
            plan = self._plan(schema)
            found = self._panels[schema.key, schema.cols] = PanelUnit(schema, plan, self._memories)
        return found

    def mark(self, ts: int) -> None:
        self.advance(ts)
        self.out.mark(ts)

    def advance(self, ts: int) -> None:
        for unit in self._reading:
            unit.mark(ts, self.out)

    @property
    def prompt(self) -> bool:
        return not any(unit.waiting for unit in self._reading)

    def finish(self, more: bool) -> None:
        self._readers.finish(more, self.out, self.note, self.drop)

    def save(self) -> dict[str, Any]:
        readers = self._readers.save()  # first, as it moves what the units remember of their feeds
        return {"units": self._memories.save(), **readers}

    def load(self, saved: dict[str, Any]) -> None:
        self._memories.load(saved["units"])
        self._readers.load(saved)

    def kernels(self) -> list[Kernel]:
        return self._plan(Schema("bar")).kernels()

    def explain(self) -> list[str]:
        """The nodes that one series runs, those on the rows of another series first."""
        return self._plan(Schema("bar")).warmups()

    def _plan(self, schema: Schema) -> Plan:
        """The plan of all specs over a series."""
        here = schema.symbol, period_ns(schema.period)
        return Plan(exprs_of(self.specs, schema.names, here), self.settings, self._scratch)
