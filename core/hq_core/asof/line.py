"""The rows of one series that get columns, of which some wait until all that they may get has come."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from hq_core.batch import NEVER, Batch, Schema, rank
from hq_core.errors import DATA, HqError
from hq_core.memory import move
from hq_core.stream.rows import Kept

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_core.options import Option

TEXTS = ("s4", "text")


class Line:
    """One series.

    last   ts up to which its rows have been given
    open   the section that is open has it
    floor  rows before this ts would get what has been dropped
    """

    __slots__ = ("_made", "floor", "last", "open", "parts", "rank", "schema")

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.rank = rank(schema)
        self.parts: deque[Kept] = deque()  # those of other columns behind each other
        self.last = self.floor = NEVER
        self.open = False
        self._made: dict[Schema, Schema] = {}

    def written(self, schema: Schema, added: Sequence[str], prefix: Option[str]) -> Schema:
        """As what its rows are written.  Raises HqError DATA where it has one of those columns, no ts, or texts, which
        would have to wait with their rows."""
        made = self._made.get(schema)
        if made is None:
            if any(kind in TEXTS for _, kind in schema.cols):
                raise HqError(f"{schema.key} has a column of texts, and its rows may have to wait", DATA)
            schema.typed(schema.clock, "i8")
            there = next((name for name in added if schema.has(name)), None)
            if there is not None:
                hint = "pass ", prefix, " NAME_"
                raise HqError(f"{schema.key} has a column '{there}' already", DATA, hint=hint)
            made = self._made[schema] = schema.with_columns([(name, "f8") for name in added])
        return made

    @property
    def n(self) -> int:
        """How many rows wait."""
        return sum(part.n for part in self.parts)

    @property
    def bytes(self) -> int:
        return sum(part.n * part.row for part in self.parts)

    @property
    def first(self) -> int:
        """The ts of the first row that waits, of a forming one at least that of the complete one before it."""
        return max(int(self.parts[0].times()[0]), self.last)

    def hold(self, batch: Batch) -> None:
        if not self.parts or not self.parts[-1].schema.same_as(batch.schema):
            self.parts.append(Kept(batch.schema))
        kept = self.parts[-1]
        move(kept.reserve(batch.n), batch.addresses, batch.schema.widths, batch.n)
        kept.commit(batch.n)

    def waiting(self) -> list[Batch]:
        """The rows, valid until some are dropped or held."""
        return [Batch(part.schema, part.n, list(part.starts), part) for part in self.parts]

    def drop(self, n: int) -> None:
        """The first n are given."""
        while n:
            some = min(n, self.parts[0].n)
            self.parts[0].drop(some)
            n -= some
            if not self.parts[0].n:
                self.parts.popleft()

    def save(self) -> list[Any]:
        return [self.last, self.floor, self.open]
