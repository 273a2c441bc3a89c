"""What is remembered of a series to see that its rows are in order, and the rule of keys for series and panels."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from hq_core import kinds
from hq_core.jit import inline
from hq_core.say import iso_text, say_back

if TYPE_CHECKING:
    from hq_core.batch import Batch, Schema

ROWS, SEEN, LAST, KEYED, KEY, KEY_TS, FIELDS = range(7)  # what is remembered of a series
BACK, REPEATED, KEY_BACK = 1, 2, 3
SORT = "hq-import --order sort puts rows in order"
DROP = "hq-import --dedupe exact, or last, drops repeated rows"


@inline
def wrong_key(ts: int, key: int, loose: int, keyed: int, before: int, before_ts: int) -> int:
    """REPEATED or KEY_BACK where a row's key is not above the one before, if there was one (`keyed`); else 0."""
    why = 0
    if keyed != 0 and key <= before:
        if key == before:
            why = REPEATED
        elif loose == 0 or ts == before_ts:
            why = KEY_BACK
    return why


class SeriesOrder:
    """One series: what is remembered of it, and where its columns stand in the schema that it had last."""

    __slots__ = ("complete", "key", "loose", "memory", "schema", "ts")

    def __init__(self) -> None:
        self.memory = array("q", bytes(8 * FIELDS))
        self.schema: Schema | None = None

    def bind(self, schema: Schema) -> None:
        self.schema = schema
        self.ts = _whole(schema, "ts")
        self.complete = schema.flag
        names = kinds.of(schema.of).key
        name = names[0] if len(names) == 1 else ""
        self.key = _whole(schema, name)
        self.loose = int(name == "id")
        if name == "open_time" and self.key < 0 and schema.period:
            self.key = self.ts  # of bars that do not carry their other time, it is as far away in each

    def key_problem(self, batch: Batch, row: int, before: int, why: int, when: str) -> str:
        """What is wrong with the key of a row, in words."""
        name = batch.schema.names[self.key]
        key = batch.view(name)[row]
        now, then = (str(value) if self.loose else iso_text(value) for value in (key, before))
        if why == REPEATED:
            return f"{name} {now} is there a second time ({when}); {DROP}"
        return f"{say_back(name, then, now)} ({when}); {SORT}"


def _whole(schema: Schema, name: str) -> int:
    """Where a column of whole numbers stands, or -1."""
    return schema.index(name) if schema.has(name) and schema.kind(name) == "i8" else -1
