"""Rows from whole columns: what NumPy, Parquet and Arrow inputs have in common.  numpy is imported for them alone."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from hq_core.batch import Batch, Schema
from hq_core.errors import DATA, HqError
from hq_core.formats.csv_kernel import BOOL, ISO, MAKER, REAL, SERIES, SIDE, SKIP, WHOLE
from hq_core.formats.layouts import MOST_I4, WIDE, Plan, build
from hq_core.formats.names import SIDES
from hq_core.formats.options import Options
from hq_core.formats.rows import ROOM, Rows
from hq_core.formats.times import iso_text
from hq_core.saved import Count

if TYPE_CHECKING:
    from collections.abc import Iterator

    Item = tuple[str, Any]
    Array = np.ndarray[Any, Any]

DTYPES = {"i8": "<i8", "f8": "<f8", "i4": "<i4", "s4": "<i4", "i1": "i1", "b1": "i1", "f4": "<f4"}


class Column:
    """A slice of one column: values as numpy has them, or ns of instants.

    zoned  for instants: whether they bear a zone; None for other values
    """

    __slots__ = ("values", "zoned")

    def __init__(self, values: Array, zoned: bool | None = None) -> None:
        self.values = values
        self.zoned = zoned

    def text(self, i: int) -> str:
        """A value as a csv file would have it, from which the plan is made."""
        value = self.values[i]
        if self.zoned is not None:
            return iso_text(int(value)) if self.zoned else iso_text(int(value))[:-1]
        if isinstance(value, np.floating):
            return "" if np.isnan(value) else repr(float(value))
        if isinstance(value, (bool, np.bool_)):
            return "true" if value else "false"
        return "" if value is None else str(value)


Chunk = dict[str, Column]


def described(schema: Schema) -> bytes:
    """What hq says about the rows of a file of its own, as JSON."""
    about = {"of": schema.of, "symbol": schema.symbol, "period": schema.period, "cols": schema.cols}
    return orjson.dumps({**about, "extra": schema.extra}, default=repr, option=orjson.OPT_NON_STR_KEYS)


class TableSource:
    """(kind, item) pairs of a file of columns.

    position  always 0: such a file is read again from its beginning, and the rows handed out before are passed over
    """

    SHAPE = {"rows": Count}

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options()
        self.position = 0
        self._done = 0          # rows handed out, in this run and before
        self._pass = 0          # rows to pass over

    def chunks(self) -> Iterator[Chunk]:
        """The file's columns, at most ROOM rows at a time."""
        raise NotImplementedError

    def about(self) -> dict[str, Any] | None:
        """What hq said about the file when it wrote it."""
        raise NotImplementedError

    def save(self) -> dict[str, Any]:
        return {"rows": self._done}

    def load(self, saved: dict[str, Any]) -> Iterator[Item]:
        self._pass = saved["rows"]
        return iter(())

    def __iter__(self) -> Iterator[Item]:
        said = self.about()
        items = self._own(said) if said is not None else self._foreign()
        for kind, item in items:
            if kind == "rows" and self._pass:
                skip = min(self._pass, item.n)
                self._pass -= skip
                item = item.slice(skip, item.n)
                if not item.n:
                    continue
                self._done += skip
            if kind == "rows":
                self._done += item.n
            yield kind, item

    # -- files that hq wrote -----------------------------------------------------------------------------
    def _own(self, said: dict[str, Any]) -> Iterator[Item]:
        schemas: dict[str, Schema] = {}
        cols = [(str(name), str(kind)) for name, kind in said["cols"]]
        if not any(True for _ in cols):
            return
        announced = False
        for chunk in self.chunks():
            n = len(next(iter(chunk.values())).values)
            arrays = []
            for name, kind in cols:
                if name not in chunk:
                    raise HqError(f"column '{name}' is missing, which the file's own description names", DATA)
                item = kind.partition("x")[0]
                arrays.append(np.ascontiguousarray(chunk[name].values.astype(DTYPES[item], copy=False)))
            runs = _runs(chunk["symbol"].values) if "symbol" in chunk else [(said["symbol"], 0, n)]
            for symbol, start, stop in runs:
                if symbol not in schemas:
                    schemas[symbol] = Schema(said["of"], symbol, said["period"], cols, said.get("extra") or {})
                    yield "schema", schemas[symbol]
                    announced = True
                whole = Batch(schemas[symbol], n, [a.ctypes.data for a in arrays], arrays)
                if stop > start:
                    yield "rows", whole.slice(start, stop)
        if not announced:
            yield "schema", Schema(said["of"], said["symbol"], said["period"], cols, said.get("extra") or {})

    # -- files of others ---------------------------------------------------------------------------------
    def _foreign(self) -> Iterator[Item]:
        rows: Rows | None = None
        for chunk in self.chunks():
            n = len(next(iter(chunk.values())).values)
            if n == 0:
                continue
            if rows is None:
                rows = Rows(self._plan(chunk, n), self.options)
            at = rows.plan.series_field()
            runs = _runs(list(chunk.values())[at].values) if at >= 0 else [(rows.symbol, 0, n)]
            for symbol, start, stop in runs:
                rows.symbol = symbol
                schema, new = rows.series()
                if new:
                    yield "schema", schema
                self._fill(rows, chunk, start, stop)
                batch, wrong = rows.batch(stop - start)
                if batch.n:
                    yield "rows", batch
                if wrong:
                    raise HqError(f"row {rows.total + 1}: {wrong}", DATA)

    def _plan(self, chunk: Chunk, n: int) -> Plan:
        columns = list(chunk.values())
        samples = [[column.text(i) for column in columns] for i in range(min(n, ROOM if n == 1 else 2))]
        plan = build(list(chunk), samples[0], self.options)
        if plan.kind == "bar" and plan.period == 0:
            at = plan.series_field()
            same = [i for i in range(1, n) if at < 0 or columns[at].values[i] == columns[at].values[0]]
            if not same:
                raise HqError("one row alone does not tell its period: pass --period to hq-import", DATA)
            plan.infer(samples[0], [column.text(same[0]) for column in columns])
        return plan

    def _fill(self, rows: Rows, chunk: Chunk, start: int, stop: int) -> None:
        n = stop - start
        for field, column in zip(rows.plan.fields, chunk.values()):
            if field.op in (SKIP, SERIES) or n == 0:
                continue
            where = f"rows from {rows.total + 1}: column '{field.name}'"
            to = np.frombuffer(rows.columns[field.to], dtype=DTYPES[_type(rows, field.to)])
            values = column.values[start:stop]
            if field.to == WIDE and values.max() > MOST_I4:
                raise HqError(f"{where}: {values.max()} does not fit 32 bits", DATA)
            try:
                to[:n] = _values(field.op, values) * (field.times if field.op == WHOLE else 1) + field.plus
            except (ValueError, TypeError, OverflowError) as error:
                raise HqError(f"{where}: {error}", DATA) from None
            if field.digits and not (_digits(values.min()) == _digits(values.max()) == field.digits):
                raise HqError(f"{where}: not all times have {field.digits} digits", DATA)


def _digits(value: Any) -> int:
    return len(str(int(value)))


def _type(rows: Rows, name: str) -> str:
    return dict(rows.plan.cols).get(name, "i8")


def _values(op: int, values: Array) -> Array:
    """A column's values in the form that hq stores."""
    if op == REAL:
        return values.astype(np.float64)
    if op in (BOOL, MAKER):
        if values.dtype.kind not in "bui":
            raise ValueError("is not of true and false")
        truth: Array = (values != 0).astype(np.int8)
        return truth if op == BOOL else (1 - 2 * truth).astype(np.int8)
    if op == SIDE and values.dtype.kind not in "iu":
        found = [SIDES.get(str(value).lower()) for value in values]
        if None in found:
            raise ValueError(f"'{values[found.index(None)]}' is not buy or sell")
        return np.array(found, dtype=np.int8)
    if op == ISO or values.dtype.kind in "iu":
        return values.astype(np.int64)
    if values.dtype.kind == "f" and bool((values == np.floor(values)).all()):
        return values.astype(np.int64)
    raise ValueError("is not of whole numbers")


def _runs(symbols: Array) -> list[tuple[str, int, int]]:
    """Stretches of the same symbol."""
    found = []
    start = 0
    for i in range(1, len(symbols) + 1):
        if i == len(symbols) or symbols[i] != symbols[start]:
            found.append((str(symbols[start]), start, i))
            start = i
    return found
