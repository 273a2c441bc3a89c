"""In place of a Writer where nobody looks at the rows, as beside a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core.memory import Memory

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from hq_core.batch import Batch, Schema
    from hq_core.holes import Holes


class Unseen:
    """A series that is not written, and the room for its next rows."""

    __slots__ = ("memory", "n", "schema", "starts")

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.n = 0
        self.memory: Memory | None = None
        self.starts: list[int] = []


class Unwritten:
    """Takes all that a Writer takes, in the same calls, and keeps nothing: rows are gone with the next ones.

    written  bytes, of which there are none
    """

    written = 0

    def __init__(self) -> None:
        self._series: dict[Schema, Unseen] = {}

    def series(self, schema: Schema) -> Unseen:
        found = self._series.get(schema)
        if found is None:
            if len(self._series) == 65_536:  # a stage may make its schema anew
                self._series.clear()
            found = self._series[schema] = Unseen(schema)
        return found

    def rows(self, series: Unseen, n: int) -> list[int]:
        if series.n < n:
            series.n, series.memory = n, Memory(series.schema.blob(n))
            series.starts = series.schema.places(series.memory.address, n)
        return series.starts

    def commit(self, series: Unseen, n: int) -> None:
        pass

    def copy(self, batch: Batch, series: Unseen | None = None) -> None:
        pass

    def map(self, frame: dict[str, Any]) -> None:
        pass

    def mark(self, ts: int) -> None:
        pass

    def head(self, made_by: Iterable[object], extra: dict[str, object]) -> None:
        pass

    def end(self, dropped: dict[str, int], holes: Holes | None = None) -> None:
        pass

    def flush(self) -> None:
        pass
