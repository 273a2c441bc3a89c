"""Rows as records, which can be sorted, compared and put down in a file.  numpy is imported for them alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hq_core import kinds
from hq_core.batch import NO_TEXTS, Batch
from hq_core.errors import DATA, HqError
from hq_core.say import iso_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hq_core.batch import Schema

    Array = np.ndarray[Any, Any]

PLACE = "#"  # a record's first field: which row of the input it was, from 1
TYPES = {"i8": "<i8", "f8": "<f8", "i4": "<i4", "s4": "<i4", "i1": "i1", "b1": "i1"}


class RecordLayout:
    """How rows of a series become records and rows again.

    key    the column whose values never repeat among complete rows, '' if the kind has none
    ids    the key is an id: it is none below 1, and rises among rows of one ts only
    texts  of a panel: its symbols by code
    """

    def __init__(self, schema: Schema, texts: Sequence[str] = ()) -> None:
        self.schema = schema
        if schema.free:
            name = schema.names[schema.free[0]]
            raise HqError(f"{schema.key}: column '{name}' holds free text; rows with it cannot be sorted", DATA)
        self.texts = texts
        self._ranks = np.zeros(0, dtype=np.int64)
        types = [TYPES.get(kind, f"V{wide}") for (_, kind), wide in zip(schema.cols, schema.widths)]
        self.dtype = np.dtype([(PLACE, "<i8"), *((str(i), type_) for i, type_ in enumerate(types))])
        if not schema.has("ts") or schema.kind("ts") != "i8":
            raise HqError(f"{schema.key}: rows without a ts cannot be put in order", DATA)
        named = kinds.of(schema.of).key
        self.key = named[0] if named and schema.has(named[0]) else ""
        self.ids = self.key == "id"
        if schema.of == "bar" and not self.key and schema.period:
            self.key = "ts"

    def column(self, records: Array, name: str) -> Array:
        found: Array = records[str(self.schema.index(name))]
        return found

    def ts(self, records: Array) -> Array:
        return self.column(records, self.schema.clock)

    def codes(self, records: Array) -> Array:
        """Of each row's symbol; 0 where all are of one."""
        return self.column(records, "symbol") if self.schema.panel else np.zeros(len(records), dtype=np.int32)

    def ranks(self, records: Array) -> Array:
        """The place of each row's symbol among all, by their texts; 0 where all are of one."""
        codes = self.codes(records)
        if not self.schema.panel:
            return codes
        if len(self._ranks) != len(self.texts):
            self._ranks = np.empty(len(self.texts), dtype=np.int64)
            self._ranks[sorted(range(len(self.texts)), key=self.texts.__getitem__)] = np.arange(len(self.texts))
        found: Array = self._ranks[codes]
        return found

    def instants(self, records: Array) -> Array:
        """The ts at whose end each row is in its place: its own, of a forming row at least the last complete one's."""
        ts = self.ts(records)
        found: Array = np.maximum(ts, np.maximum.accumulate(np.where(self.closed(records), ts, np.iinfo(ts.dtype).min)))
        return found

    def closed(self, records: Array) -> Array:
        """Where the rows are complete."""
        found = np.ones(len(records), dtype=bool)
        if self.schema.has("complete"):
            found &= self.column(records, "complete") != 0
        return found

    def records(self, batch: Batch, first: int) -> Array:
        """The rows of a batch; `first` is the place of the first one."""
        made = np.empty(batch.n, dtype=self.dtype)
        made[PLACE] = np.arange(first, first + batch.n)
        for i, name in enumerate(self.schema.names):
            made[str(i)] = np.frombuffer(batch.view(name), dtype=self.dtype[str(i)])
        return made

    def batch(self, records: Array) -> Batch:
        columns = [np.ascontiguousarray(records[str(i)]) for i in range(len(self.schema.cols))]
        texts = {"symbol": list(self.texts)} if self.schema.panel else NO_TEXTS
        return Batch(self.schema, len(records), [column.ctypes.data for column in columns], columns, texts)

    def in_order(self, records: Array) -> Array:
        """By ts, then by symbol and key, rows that are alike in all as they came."""
        key = (self.column(records, self.key),) if self.key else ()
        return records[np.lexsort((*key, self.ranks(records), self.ts(records)))]

    def text(self, name: str, value: Any) -> str:
        """A column and its value as an error shows them."""
        return f"{name} {self.shown(name, value)}"

    def shown(self, name: str, value: Any) -> str:
        return iso_text(int(value)) if name in ("ts", "open_time") else repr(value.item())


def alike(records: Array, a: Array, b: Array) -> Array:
    """Where the rows a and b are equal in all columns, bit by bit."""
    raw = records.view(np.uint8).reshape(len(records), records.dtype.itemsize)[:, 8:]
    found: Array = (raw[a] == raw[b]).all(axis=1)
    return found
