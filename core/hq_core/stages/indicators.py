"""hq-indicators: indicator columns are added to the bar rows."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.batch import Schema, period_ns
from hq_core.graph import Scratch
from hq_core.options.settings import SettingsOptions
from hq_core.roles import Stage
from hq_core.saved import taking
from hq_core.series.plan import Plan
from hq_core.series.readers import READERS, Readers
from hq_core.series.unit import UNIT, Unit
from hq_core.specs import distinct, expand, exprs_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_core.batch import Batch
    from hq_core.graph import Settings
    from hq_core.specs import Spec


class Indicators(Stage):
    """Adds the columns of `specs` to every bar series; other kinds pass untouched.

    specs    `rsi:14` or several such, each as text or parsed
    missing  error or warn: what it is when a series that a spec reads is not in the input
    """

    SHAPE = {"units": {str: UNIT}, **READERS}

    def __init__(
        self, specs: str | Sequence[str | Spec], settings: Settings | None = None,
        missing: str = SettingsOptions.missing.default,
    ) -> None:
        super().__init__()
        self.settings = settings
        given = (specs,) if isinstance(specs, str) else specs
        self.specs = distinct([made for one in given for made in (expand(one) if isinstance(one, str) else (one,))])
        self._units: dict[str, Unit] = {}
        self._readers = Readers("an indicator", missing)
        self._scratch = Scratch()
        self._saved: dict[str, Any] = {}

    def schema(self, schema: Schema) -> None:
        if schema.of != "bar":
            self.out.series(schema)
            return
        self._readers.announce(schema)
        unit = self._units.get(schema.key)
        if unit is None:
            unit = self._units[schema.key] = Unit(schema, self._plan(schema), self.note)
            saved = self._saved.pop(schema.key, None)
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
        where = schema.symbol, period_ns(schema.period)
        self._readers.heard.add(where)
        self._readers.rows(where, batch, self.out)
        self._units[schema.key].rows(batch, self.out)

    def mark(self, ts: int) -> None:
        for unit in self._units.values():
            unit.mark(ts, self.out)
        self.out.mark(ts)

    def finish(self, more: bool) -> None:
        self._readers.finish(more, self.out, self.note, self.drop)

    def save(self) -> dict[str, Any]:
        units = {**self._saved, **{key: unit.save() for key, unit in self._units.items()}}
        return {"units": units, **self._readers.save()}

    def load(self, saved: dict[str, Any]) -> None:
        self._saved = dict(saved["units"])
        self._readers.load(saved)

    def explain(self) -> list[str]:
        """The nodes that one series runs, those on the rows of another series first."""
        return self._plan(Schema("bar")).explain()

    def _plan(self, schema: Schema) -> Plan:
        """The plan of all specs over a series."""
        here = schema.symbol, period_ns(schema.period)
        return Plan(exprs_of(self.specs, schema.names, here), self.settings, self._scratch)
