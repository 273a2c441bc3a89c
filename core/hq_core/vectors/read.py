"""Rows of kind vector from any source into a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core.batch import Batch, Schema, stretches
from hq_core.errors import DATA, HqError
from hq_core.kinds import VECTOR
from hq_core.options.signal import StoreOptions
from hq_core.series.making import making_of
from hq_core.series.stores import Rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hq_core.roles import Item

ALWAYS = -(1 << 63)  # avail_ts of vectors that are taken for known at any time
NUMBERS = ("i8", "f8", "i4", "i1")


class Reader:
    """Takes the rows of kind vector among items.

    file      what messages call the input
    timeless  rows without avail_ts are taken as well, as known at any time

    Raises HqError DATA for what can be no store.
    """

    def __init__(self, file: str, timeless: bool) -> None:
        self.file = file
        self.timeless = timeless
        self.rows: Rows | None = None
        self._codes: dict[str, int] = {}

    def read(self, items: Iterable[Item]) -> Rows:
        for item in items:
            if isinstance(item, Schema):
                if item.of == "vector":
                    self._announced(item)
            elif isinstance(item, Batch) and item.schema.of == "vector":
                for part, closed in stretches(item):
                    if closed:
                        self._take(part)
        if self.rows is None:
            what = f"{self.file} has no rows of kind vector, so it is no store"
            raise HqError(what, DATA, hint="hq-vector build makes one of bars, hq-vector load of labelled vectors")
        return self.rows

    def _announced(self, schema: Schema) -> None:
        length = columns_fit(schema, f"{self.file}: {schema.key}", self.timeless)
        if self.rows is None:
            self.rows = Rows(length, schema.period, making_of(schema))
            return
        if self.rows.length != length:
            what = f"{self.file}: vectors of {self.rows.length} and of {length} values; a store has one length"
            raise HqError(what, DATA)
        made = making_of(schema)
        one, other = self.rows.made._replace(period="").against(made)
        if one:
            raise HqError(f"{self.file}: vectors {one} and {other}; those of a store are made alike", DATA)
        self.rows.made = self.rows.made.joined(made)
        if schema.period != self.rows.period:
            self.rows.period = ""  # of several

    def _take(self, batch: Batch) -> None:
        rows = self.rows
        assert rows is not None
        take(rows, batch, self.file)
        names = batch.words("symbol") if batch.schema.panel else [batch.schema.symbol]
        for name in names:
            if name not in self._codes:
                self._codes[name] = len(rows.names)
                rows.names.append(name)
        codes = [self._codes[name] for name in names]
        rows.symbols.extend(codes if batch.schema.panel else codes * batch.n)


def columns_fit(schema: Schema, what: str, timeless: bool) -> int:
    """The length of the vectors of a series; HqError DATA that says `what` it is of where it can be no store."""
    kind = schema.kind("vector") if schema.has("vector") else ""
    if not kind.startswith("f4x"):
        raise HqError(f"{what}: column 'vector' is {kind or 'missing'}, must be f4xN", DATA)
    for name, wanted in VECTOR.required[:-1]:
        fits = NUMBERS if name == "label" else (wanted,)
        if not schema.has(name) or schema.kind(name) not in fits:
            raise HqError(f"{what} has no column '{name}' of {wanted}", DATA)
    if not timeless and not (schema.has("avail_ts") and schema.kind("avail_ts") == "i8"):
        told = f"{what} has no avail_ts, so nobody knows from when on its labels were known"
        how = "a strategy would look ahead; ", StoreOptions.timeless, " takes them as known at any time"
        raise HqError(told, DATA, hint=how)
    return int(kind[3:])


def take(rows: Rows, batch: Batch, what: str) -> None:
    """The rows of a batch, but for their symbols.  Raises HqError DATA."""
    rows.vectors += batch.view("vector").cast("B")
    ts, ids = batch.view("ts"), batch.view("id")
    rows.labels.extend(_labels(batch, ids, what))
    rows.ts.frombytes(ts.cast("B"))
    rows.ids.frombytes(ids.cast("B"))
    if not batch.schema.has("avail_ts"):
        rows.avail.extend([ALWAYS] * batch.n)
        return
    avail = batch.view("avail_ts")
    for row in range(batch.n):
        if avail[row] < ts[row]:
            told = f"{what}: the vector with the id {ids[row]} has an avail_ts before its ts"
            raise HqError(f"{told}: its outcome cannot be known before its window ends", DATA)
    rows.avail.frombytes(avail.cast("B"))


def is_label(value: float) -> bool:
    """Whether a number can be a label: whole, of 32 bits."""
    return -(1 << 31) <= value < 1 << 31 and value == int(value)


def _labels(batch: Batch, ids: memoryview, what: str) -> memoryview:
    """The labels of a batch, whatever numbers they are; HqError DATA for one that column label of i4 could not hold."""
    labels: memoryview = batch.view("label")
    if batch.schema.kind("label") in ("f8", "i8"):
        for row, label in enumerate(labels):
            if not is_label(label):
                told = f"{what}: the vector with the id {ids[row]} has the label {label!r}"
                raise HqError(f"{told}, must be a whole number of 32 bits", DATA)
    return labels
