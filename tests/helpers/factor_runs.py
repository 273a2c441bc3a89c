"""Runs of hq-factors in this process, and their rows."""

from __future__ import annotations

from array import array
from typing import Any

from book_runs import Event, batch_of

from hq_core.batch import Batch, Schema
from hq_core.jit import address_of
from hq_core.stages.factors import Factors


class Kept:
    """Takes what a stage writes: rows as tuples, by the names of their series."""

    def __init__(self) -> None:
        self.rows_of: dict[str, list[tuple[Any, ...]]] = {}
        self.names: dict[str, tuple[str, ...]] = {}
        self.frames: list[dict[str, Any]] = []

    def series(self, schema: Schema) -> Schema:
        self.names[schema.key] = tuple(schema.names)
        return schema

    def rows(self, series: Schema, n: int) -> list[int]:
        self._memory = bytearray(max(8, series.blob(n)))
        self._places = list(series.places(address_of(self._memory), n))
        return self._places

    def commit(self, series: Schema, n: int) -> None:
        self.copy(Batch(series, n, self._places))

    def copy(self, batch: Batch, series: Any = None) -> None:
        found = self.rows_of.setdefault(batch.schema.key, [])
        found += zip(*(batch.view(name).tolist() for name in batch.schema.names))

    def map(self, frame: dict[str, Any]) -> None:
        self.frames.append(frame)

    def mark(self, ts: int) -> None:
        pass

    def flush(self) -> None:
        pass


def begun(specs: list[str], **options: Any) -> tuple[Factors, Kept]:
    stage, kept = Factors(*specs, **{"tick": "0.1", "lot": "0.001"} | options), Kept()
    stage.begin(kept)
    return stage, kept


def give(stage: Factors, events: list[Event], symbol: str = "BTCUSDT") -> None:
    batch = batch_of(events, symbol)
    stage.schema(batch.schema)
    if events:
        stage.rows(batch)


def factors(events: list[Event], *specs: str, **options: Any) -> list[dict[str, Any]]:
    """The rows of one run over all events."""
    stage, kept = begun(list(specs), **options)
    give(stage, events)
    stage.finish(more=False)
    key = "factor/BTCUSDT/"
    return [dict(zip(kept.names[key], row)) for row in kept.rows_of.get(key, [])]


def bits(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The same rows with the bits of their floats: nan is nan, and 0.0 is not -0.0."""
    return [tuple(array("d", [x]).tobytes() if isinstance(x, float) else x for x in row) for row in rows]
