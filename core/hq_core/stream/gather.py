"""Small batches made large ones, for what costs its time a batch and not a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core.memory import move
from hq_core.stream.rows import Kept

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hq_core.batch import Batch

GATHERED = 4 << 20  # bytes of a panel's rows that are given on at once: of thousands of symbols some rows each


class Gather:
    """Small batches of one series that follow each other, made one; at most GATHERED bytes."""

    def __init__(self) -> None:
        self._kept: Kept | None = None
        self._now: Batch | None = None  # the first batch of those that it has
        self._bytes = 0

    def add(self, batch: Batch) -> bool:
        """Take the rows behind those that it has; False: they are of another series, or too many, and not taken."""
        now = self._now
        size = self._bytes + batch.n * sum(batch.schema.widths)
        if size > GATHERED or (now and not (now.schema is batch.schema and now.texts is batch.texts)):
            return False
        kept = self._kept
        if kept is None or kept.schema is not batch.schema:
            kept = self._kept = Kept(batch.schema)
        move(kept.reserve(batch.n), batch.addresses, batch.schema.widths, batch.n)
        kept.commit(batch.n)
        self._now, self._bytes = now or batch, size
        return True

    def given(self) -> Iterator[Batch]:
        """What it has, at most one batch, valid until rows are added; it has nothing then."""
        now, kept = self._now, self._kept
        if now is not None and kept is not None:
            self._now, self._bytes = None, 0
            yield kept.emptied(now.texts)
