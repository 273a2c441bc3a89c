"""hq-vector dedupe: vectors that are there already are dropped."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

from hq_core.roles import Stage

if TYPE_CHECKING:
    from hq_core.batch import Batch

DIGEST = 16  # bytes that are kept of each vector and its label


class VectorDedupe(Stage):
    """Passes a vector on where no earlier one of its series has its label and its values, bit for bit.

    What it remembers grows with the distinct vectors, 16 bytes and a place in a table for each.
    """

    SHAPE = {"seen": {str: bytes}}

    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[str, set[bytes]] = {}

    def rows(self, batch: Batch) -> None:
        if batch.schema.of != "vector" or not batch.schema.has("vector"):
            self.out.copy(batch)
            return
        from _blake2 import blake2b

        schema, start = batch.schema, 0
        seen = self._seen.setdefault(schema.key, set())
        names = [name for name in ("symbol", "label", "vector") if schema.has(name)]
        places = [(batch.address(name), schema.widths[schema.index(name)]) for name in names]
        words = batch.words("symbol") if schema.panel else None
        for row in range(batch.n):
            parts = [ctypes.string_at(at + width * row, width) for at, width in places]
            if words is not None:
                parts[0] = words[row].encode() + b"\0"
            found = blake2b(b"".join(parts), digest_size=DIGEST).digest()
            if found not in seen:
                seen.add(found)
                continue
            if start < row:
                self.out.copy(batch.slice(start, row))
            start = row + 1
            self.drop(f"{schema.key}: a vector that was there before with the same label", 1)
        if start < batch.n:
            self.out.copy(batch.slice(start, batch.n))

    def save(self) -> dict[str, Any]:
        return {"seen": {key: b"".join(sorted(seen)) for key, seen in self._seen.items()}}

    def load(self, saved: dict[str, Any]) -> None:
        for key, held in saved["seen"].items():
            self._seen[key] = {held[at : at + DIGEST] for at in range(0, len(held), DIGEST)}
