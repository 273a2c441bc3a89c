"""hq-indicators: indicator columns are added to the bar rows."""
from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

from hq_core.batch import stretches
from hq_core.columns import Columns
from hq_core.errors import DATA, HqError
from hq_core.graph import Graph
from hq_core.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hq_core.batch import Batch, Schema
    from hq_core.specs import Spec
    from hq_core.wire import Series

_move = ctypes.memmove


class Annotated:
    """One series whose rows get columns: the graph, and the longer rows that go out."""

    def __init__(self, schema: Schema, specs: Iterable[Spec]) -> None:
        self.graph = Graph()
        wanted, columns = [], []
        for spec in specs:
            for name, out in zip(spec.columns(), spec.build(self.graph)):
                if schema.has(name):
                    raise HqError(f"column '{name}' is there already in {schema.key}", DATA)
                wanted.append(out)
                columns.append(name)
        self.columns = Columns(self.graph)
        self.columns.check(schema)
        self.graph.compile(wanted)
        self.schema = schema.with_columns([(name, "f8") for name in columns])
        self.out: Series | None = None

    def rows(self, batch: Batch, added: Sequence[int]) -> None:
        """Compute the added columns; a forming row (complete=0) leaves no trace in the state."""
        done = 0
        for part, closed in stretches(batch):
            at = [address + 8 * done for address in added] if done else added
            self.graph.run(self.columns.sources(part), part.n, at, keep=closed)
            done += part.n


class Indicators(Stage):
    """Adds the columns of `specs` to every bar series; other kinds pass untouched."""

    def __init__(self, specs: Sequence[Spec]) -> None:
        super().__init__()
        self.specs = list({spec.label: spec for spec in specs}.values())    # asked for twice it is one column
        self._series: dict[str, Annotated] = {}
        self._saved: dict[str, bytes] = {}

    def schema(self, schema: Schema) -> None:
        if schema.of != "bar":
            self.out.series(schema)
            return
        made = Annotated(schema, self.specs)
        before = self._series.get(schema.key)
        if before is not None:
            made.graph.load(before.graph.save())
        elif schema.key in self._saved:
            made.graph.load(self._saved.pop(schema.key))
        made.out = self.out.series(made.schema)
        self._series[schema.key] = made

    def rows(self, batch: Batch) -> None:
        if batch.schema.of != "bar":
            self.out.copy(batch)
            return
        series = self._series[batch.schema.key]
        assert series.out is not None
        n = batch.n
        to = self.out.rows(series.out, n)
        for address, at, w in zip(to, batch.addresses, batch.schema.widths):
            _move(address, at, w * n)
        series.rows(batch, to[len(batch.addresses) :])
        self.out.commit(series.out, n)

    def save(self) -> dict[str, Any]:
        return {**self._saved, **{key: series.graph.save() for key, series in self._series.items()}}

    def load(self, saved: dict[str, Any]) -> None:
        self._saved = dict(saved)

    def explain(self) -> list[str]:
        """The nodes that one series runs."""
        graph = Graph()
        graph.compile([out for spec in self.specs for out in spec.build(graph)])
        return graph.explain()
