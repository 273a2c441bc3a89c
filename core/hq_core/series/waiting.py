"""Rows of a series that wait for those of others, in the order in which they came."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from typing import TYPE_CHECKING, Any

from hq_core.batch import EVER, NEVER, SCHEMA, Batch, described, stretches, undescribed
from hq_core.memory import move
from hq_core.saved import Count, Damaged
from hq_core.stream.held import rows_of
from hq_core.stream.rows import Kept

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hq_core.batch import Schema

WAITING = (int, int, [(SCHEMA, Count, [bytes], {str: [str]})])  # what `save` gives


class Waiting:
    """Rows of one series.

    n      how many
    last   ts of the last closed row that has ever come
    """

    def __init__(self) -> None:
        self.n = 0
        self.last = NEVER
        self._kept: deque[tuple[Kept, dict[str, list[str]]]] = deque()  # of other columns, or texts, behind each other
        self._done = NEVER  # ts of the last closed row that is gone

    def add(self, batch: Batch, texts: dict[str, list[str]]) -> None:
        """Rows behind those that wait.  texts: of the codes that are read."""
        if not self._kept or self._kept[-1][0].schema is not batch.schema or self._kept[-1][1] != texts:
            self._kept.append((Kept(batch.schema), texts))
        kept = self._kept[-1][0]
        move(kept.reserve(batch.n), batch.addresses, batch.schema.widths, batch.n)
        kept.commit(batch.n)
        self.n += batch.n
        at = batch.last_whole()
        if at >= 0:
            self.last = max(self.last, batch.ts(at))

    def first(self) -> Batch:
        """The first rows, of one form; valid until more come."""
        kept, texts = self._kept[0]
        return Batch(kept.schema, kept.n, kept.starts, kept, texts)

    def closed(self, limit: int) -> int:
        """How many closed rows before a ts there are up to the first forming one, or one of another form."""
        if not self.n:
            return 0
        part, closed = stretches(self.first())[0]
        return bisect_left(part.view("ts"), limit) if closed else 0

    @property
    def due(self) -> int:
        """When what is behind the first closed rows is to be done, which may be the first row; EVER if nothing is.

        A forming row, which may have any ts, is due before the closed one that follows and after the one before.
        """
        parts = self._parts()
        part, closed = next(parts, (None, True))
        upto = self._done
        if part is not None and closed:
            upto = part.ts(part.n - 1)
            part, closed = next(parts, (None, True))
        if part is None or closed:
            return EVER if part is None else part.ts(0)
        follows = next((one.ts(0) for one, whole in parts if whole), EVER)
        return max(upto + 1, min(part.ts(0), follows))

    def forming(self, ts: int) -> bool:
        """Whether the first row is a forming one that is due at a ts."""
        return self.n > 0 and not stretches(self.first())[0][1] and self.due <= ts

    def _parts(self) -> Iterator[tuple[Batch, bool]]:
        for kept, texts in self._kept:
            yield from stretches(Batch(kept.schema, kept.n, kept.starts, kept, texts))

    def drop(self, n: int) -> None:
        """The first n rows, of one form, are gone."""
        if not n:
            return
        at = self.first().slice(0, n).last_whole()
        if at >= 0:
            self._done = max(self._done, self.first().ts(at))
        self._kept[0][0].drop(n)
        self.n -= n
        if not self._kept[0][0].n:
            self._kept.popleft()

    def save(self) -> list[Any]:
        rows = [[described(kept.schema), kept.n, kept.columns(), texts] for kept, texts in self._kept]
        return [self.last, self._done, rows]

    def load(self, saved: list[Any], schema: Schema) -> None:
        """Take up what `save` gave; schema: the series as it is now."""
        last, self._done, rows = saved
        self._kept.clear()
        self.n = 0
        for about, n, columns, texts in rows:
            before = undescribed(about)
            if not n:
                raise Damaged(f"0 rows of {before.key} wait")
            self.add(rows_of(schema if before.same_as(schema) else before, n, columns, texts), texts)
        self.last = last
