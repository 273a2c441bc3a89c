"""hq-indicators: indicator columns are added to the bar rows."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.batch import Schema, period_ns
from hq_core.graph import Scratch
from hq_core.lang.compile import Plan
from hq_core.lang.readers import READERS, Readers
from hq_core.lang.unit import UNIT, Unit, written
from hq_core.lang.values import BASE, Value, align
from hq_core.saved import taking
from hq_core.specs import Column, Spec, distinct
from hq_core.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_core.batch import Batch
    from hq_core.graph import Out, Settings
    from hq_core.lang.values import Clock


class Indicators(Stage):
    """Adds the columns of `specs` to every bar series; other kinds pass untouched.

    missing  error or warn: what it is when a series that a spec reads is not in the input
    """

    SHAPE = {"units": {str: UNIT}, **READERS}

    def __init__(self, specs: Sequence[Spec], settings: Settings | None = None, missing: str = "error") -> None:
        super().__init__()
        self.settings = settings
        self.specs = distinct(specs)
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
            plan, columns = planned(self.specs, schema, self.settings, self._scratch)
            unit = self._units[schema.key] = Unit(schema, plan, columns, self.note)
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

    def note(self, what: str, count: int) -> None:
        if count:
            self.notices[what] = self.notices.get(what, 0) + count

    def drop(self, why: str, count: int) -> None:
        self.dropped[why] = self.dropped.get(why, 0) + count

    def save(self) -> dict[str, Any]:
        units = {**self._saved, **{key: unit.save() for key, unit in self._units.items()}}
        return {"units": units, **self._readers.save()}

    def load(self, saved: dict[str, Any]) -> None:
        self._saved = dict(saved["units"])
        self._readers.load(saved)

    def explain(self) -> list[str]:
        """The nodes that one series runs, those on the rows of another series first."""
        plan, columns = planned(self.specs, Schema("bar"), self.settings)
        lines = []
        for clock, (graph, asked) in plan.others.items():
            graph.compile(asked)
            lines += [f"{line}  on the rows of {written(clock)}" for line in graph.explain()]
        plan.base.compile(list(columns.values()))
        return lines + plan.base.explain()


def planned(
    specs: Sequence[Spec], schema: Schema, settings: Settings | None, scratch: Scratch | None = None
) -> tuple[Plan, dict[str, Out]]:
    """The plan of all specs over a series, and its columns by their names."""
    plan = Plan(settings, scratch)
    columns: dict[str, Out] = {}
    for spec in distinct([one.over(schema.names) for one in specs]):
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
