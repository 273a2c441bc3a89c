"""hq-indicators: indicator columns are added to the bar rows."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.batch import Schema, period_ns
from hq_core.lang.compile import Plan
from hq_core.lang.readers import Readers
from hq_core.lang.unit import UNIT, Unit, written
from hq_core.lang.values import BASE, Value, align
from hq_core.saved import taking
from hq_core.specs import Column, Spec
from hq_core.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_core.batch import Batch
    from hq_core.graph import Out, Settings
    from hq_core.lang.values import Clock


class Indicators(Stage):
    """Adds the columns of `specs` to every bar series; other kinds pass untouched."""

    SHAPE = {"units": {str: UNIT}, "heard": [(str, int)]}

    def __init__(self, specs: Sequence[Spec], settings: Settings | None = None) -> None:
        super().__init__()
        self.settings = settings
        self.specs = list({tuple(spec.columns()): spec for spec in specs}.values())     # asked for twice it is one
        self._units: dict[str, Unit] = {}
        self._readers = Readers()
        self._saved: dict[str, Any] = {}

    def schema(self, schema: Schema) -> None:
        if schema.of != "bar":
            self.out.series(schema)
            return
        unit = self._units.get(schema.key)
        if unit is None:
            unit = self._units[schema.key] = Unit(schema, *planned(self.specs, schema, self.settings), self.note)
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
        for unit in self._units.values():
            if not more:
                unit.finish(self.out)
                for feed in unit.feeds.values():
                    if feed.key not in self._units:
                        self.note(f"{feed.key} is read by an indicator and not in the input", unit.computed)

    def note(self, what: str, count: int) -> None:
        if count:
            self.notices[what] = self.notices.get(what, 0) + count

    def save(self) -> dict[str, Any]:
        units = {**self._saved, **{key: unit.save() for key, unit in self._units.items()}}
        return {"units": units, "heard": [list(where) for where in sorted(self._readers.heard)]}

    def load(self, saved: dict[str, Any]) -> None:
        self._saved = dict(saved["units"])
        self._readers.heard = {(symbol, period) for symbol, period in saved["heard"]}

    def explain(self) -> list[str]:
        """The nodes that one series runs, those on the rows of another series first."""
        plan, columns = planned(self.specs, Schema("bar"), self.settings)
        lines = []
        for clock, (graph, asked) in plan.others.items():
            graph.compile(asked)
            lines += [f"{line}  on the rows of {written(clock)}" for line in graph.explain()]
        plan.base.compile(list(columns.values()))
        return lines + plan.base.explain()


def planned(specs: Sequence[Spec], schema: Schema, settings: Settings | None) -> tuple[Plan, dict[str, Out]]:
    """The plan of all specs over a series, and its columns by their names."""
    plan = Plan(settings)
    columns: dict[str, Out] = {}
    for spec in specs:
        value = _value(spec, schema)
        for column, output in zip(spec.columns(), spec.outputs):
            columns[column] = plan.column(_picked(value, output))
    return plan, columns


def _value(spec: Spec, schema: Schema) -> Value:
    """An indicator on the clock of what it reads; where that is of several series, on the rows' own."""
    inputs = [_input(one, schema) for one in spec.sources] or [
        Value("series", BASE, "column", (), name) for name in spec.entry.inputs
    ]
    several = tuple(spec.entry.outputs) if len(spec.entry.outputs) > 1 else ()
    return Value(
        "series", align(*inputs), "indicator", tuple(inputs), (spec.entry.name, spec.params), outputs=several
    )


def _picked(value: Value, output: str) -> Value:
    return Value("series", value.clock, "output", (value,), output) if value.outputs else value


def _input(source: Column | Spec, schema: Schema) -> Value:
    if isinstance(source, Spec):
        return _picked(_value(source, schema), source.outputs[0])
    return Value("series", _clock(source, schema), "column", (), source.name)


def _clock(column: Column, schema: Schema) -> Clock:
    """The clock of a column: what equals the rows' own symbol or period is left out."""
    length = period_ns(column.period)
    symbol = "" if column.symbol == schema.symbol else column.symbol
    return symbol, 0 if length == period_ns(schema.period) else length
