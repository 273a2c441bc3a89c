"""What is remembered of a series to see that its rows are in order, and the rule of keys for series and panels."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from hq_core import kinds
from hq_core.jit import inline
from hq_core.saved import Damaged
from hq_core.say import iso_text, say_back

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_core.batch import Batch, Schema

ROWS, SEEN, LAST, KEYED, KEY, KEY_TS, FIELDS = range(7)  # of a series; of ROWS those that came by themselves
# What KEY is, as KEYED says of the last one (0: there is none).  BY_KEY: a column that rises; BY_ID: one that rises
# among rows of one ts, need not rise from one to the next, and is none if below 1; BY_TS: ts, for want of such a column
BY_KEY, BY_ID, BY_TS = 1, 2, 3
BACK, REPEATED, KEY_BACK = 1, 2, 3
SORT = "hq-import --order sort puts rows in order"
DROP = "hq-import --dedupe exact, or last, drops repeated rows"
SEVERAL = "; of several symbols, --columns symbol=NAME says which column tells them apart"


@inline
def wrong_key(ts: int, key: int, how: int, keyed: int, before: int, before_ts: int) -> int:
    """REPEATED or KEY_BACK where a row's key is not above the one before, if there was one (`keyed`); else 0.

    how  BY_KEY, BY_ID or BY_TS; where the row before was `keyed` otherwise, their ts are compared
    """
    why = 0
    if keyed != how:
        key = ts
        before = before_ts
    if keyed != 0 and key <= before:
        if key == before:
            why = REPEATED
        elif how != BY_ID or ts == before_ts:
            why = KEY_BACK
    return why


class Memory:
    """What is remembered of each series, FIELDS numbers, whether its rows come in a panel or by themselves."""

    def __init__(self) -> None:
        self.slots: dict[str, int] = {}  # by the name of the series
        self.numbers = array("q")

    def slot(self, key: str) -> int:
        found = self.slots.get(key)
        if found is None:
            found = self.slots[key] = len(self.slots)
            self.numbers.extend([0] * FIELDS)
        return found

    def of(self, slot: int) -> array[int]:
        return self.numbers[FIELDS * slot : FIELDS * (slot + 1)]

    def save(self) -> dict[str, list[int]]:
        return {key: self.of(slot).tolist() for key, slot in self.slots.items()}

    def load(self, saved: dict[str, list[int]]) -> None:
        """Take up what `save` gave.  Raises Damaged where it cannot be that."""
        for key, numbers in saved.items():
            if len(numbers) != FIELDS:
                raise Damaged(f"order.{key} has {len(numbers)} numbers, must have {FIELDS}")
            slot = self.slot(key)
            self.numbers[FIELDS * slot : FIELDS * (slot + 1)] = array("q", numbers)


class SeriesOrder:
    """One series or panel: where the columns that its order is of stand in the schema that it had last.

    slot  where a series is remembered
    """

    __slots__ = ("complete", "how", "key", "schema", "slot", "ts")

    def __init__(self, slot: int = 0) -> None:
        self.slot = slot
        self.schema: Schema | None = None

    def bind(self, schema: Schema) -> None:
        self.schema = schema
        self.ts = _whole(schema, schema.clock)
        self.complete = schema.flag
        names = kinds.of(schema.of).key
        name = names[0] if len(names) == 1 else ""
        self.key = _whole(schema, name)
        self.how = BY_ID if name == "id" else BY_KEY
        if name == "open_time" and self.key < 0 and schema.period:
            self.how = BY_TS
            self.key = self.ts  # of bars that do not carry their other time, it is as far away in each

    def key_problem(self, batch: Batch, row: int, memory: Sequence[int], why: int, when: str) -> str:
        """What is wrong with the key of a row, in words.

        memory  what is remembered of its series
        """
        same = memory[KEYED] == self.how
        name = batch.schema.names[self.key if same else self.ts]
        key, before = batch.view(name)[row], memory[KEY if same else KEY_TS]
        now, then = (str(value) if self.how == BY_ID else iso_text(value) for value in (key, before))
        if why == REPEATED:
            nameless = not batch.schema.symbol and not batch.schema.panel
            return f"{name} {now} is there a second time ({when}); {DROP}{SEVERAL if nameless else ''}"
        return f"{say_back(name, then, now)} ({when}); {SORT}"


def _whole(schema: Schema, name: str) -> int:
    """Where a column of whole numbers stands, or -1."""
    return schema.index(name) if schema.has(name) and schema.kind(name) == "i8" else -1
