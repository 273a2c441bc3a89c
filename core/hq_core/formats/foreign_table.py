"""Rows of a table that hq did not write: NumPy, Parquet and Arrow inputs of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hq_core.errors import DATA, HqError
from hq_core.formats.coded import codes
from hq_core.formats.exact import DTYPES, real, side, truth, whole
from hq_core.formats.layouts import build
from hq_core.formats.numbers import is_number
from hq_core.formats.plan import whole as parsed
from hq_core.formats.rowless import rowless
from hq_core.formats.rows import RowBlock
from hq_core.formats.text_kernel import BOOL, FAR, MAKER, REAL, SIDE, SKIP, SYMBOL
from hq_core.formats.unfit import Unfit
from hq_core.options.imports import AS_OWN, SaidOptions, ask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hq_core.formats.exact import Array, ColumnSlice
    from hq_core.formats.plan import Field, FieldPlan
    from hq_core.formats.tables import TableSource
    from hq_core.roles import Item

I8 = (-(2**63), 2**63 - 1)


def foreign(source: TableSource) -> Iterator[Item]:
    """The rows of a table that somebody else wrote."""
    return _told(source) if source.options.kind in AS_OWN else ForeignTable(source).items()


def _told(source: TableSource) -> Iterator[Item]:
    """Rows of a kind that is read by hq's names and others' for them, each value as a text file would have it."""
    from hq_core.formats.own_csv import folded_of, rows_of
    from hq_core.formats.own_shape import OwnShape

    options, readable = source.options, source.readable()
    names = [source.names[i] for i in readable]
    folded = folded_of(names, options)

    def lines() -> Iterator[list[str]]:
        for before, chunk in source.guarded(readable):
            for row in range(len(chunk[0])):
                try:
                    yield [column.text(row) for column in chunk]
                except Unfit as error:
                    raise HqError(f"row {before + row + 1}: {error}", DATA) from None

    yield from rows_of(lines(), len(names), folded, OwnShape(options.kind, "", folded.names, options))


class ForeignTable:
    """A table that somebody else wrote, of which rows are made as of a text file's fields."""

    def __init__(self, source: TableSource) -> None:
        self.source = source
        self.options = source.options
        self.names = source.names

    def items(self) -> Iterator[Item]:
        readable = self.source.readable()
        if not readable:
            told = ", ".join(f"'{name}' is of {self.source.kind(i)}" for i, name in enumerate(self.names[:3]))
            raise HqError(f"the {self.source.what} has no column that hq reads{told and ': '}{told}", DATA)
        first = next((chunk for _, chunk in self.source.guarded(readable) if len(chunk[0])), None)
        if first is None:
            numbers = [self.source.numeric(i) for i in range(len(self.names))]
            yield rowless(self.names, numbers, self.options)
            return
        plan = self._plan(dict(zip(readable, first)))
        wanted = [i for i, field in enumerate(plan.fields) if field.op != SKIP]
        del first
        names = [self.names[i] for i in wanted]
        twice = next((name for name in names if self.names.count(name) > 1), None)
        if twice is not None:
            raise HqError(f"column '{twice}' is there twice", DATA)
        most = self.source.room(8 * len(plan.cols))
        rows = RowBlock(plan, self.options, most)
        fields = [plan.fields[i] for i in wanted]
        for _, chunk in self.source.guarded(wanted):
            for low in range(0, len(chunk[0]), most):
                n, unfit = self._fill(rows, fields, [column.part(low, low + most) for column in chunk])
                yield from rows.announced()
                batch, wrong = rows.batch(n)
                if batch.n:
                    yield batch
                if wrong or unfit:
                    raise HqError((f"row {rows.total + 1}: ", wrong or unfit), DATA)
        self.options.together.end()

    def _plan(self, columns: dict[int, ColumnSlice]) -> FieldPlan:
        n = len(next(iter(columns.values())))

        def text(i: int, row: int) -> str:
            try:
                return columns[i].text(row) if i in columns else f"<{self.source.kind(i)}>"
            except Unfit as error:
                raise HqError(f"row {row + 1}: column '{self.names[i]}': {error}", DATA) from None

        def texts(row: int) -> list[str]:
            return [text(i, row) for i in range(len(self.names))]

        first = texts(0)
        plan = build(self.names, first, self.options)
        for i, field in enumerate(plan.fields):
            if field.loose and i in columns and columns[i].textual and not is_number(first[i]):
                plan.cols.remove((field.to, "f8"))  # an empty text says of no text column that it is of numbers
                field.op, field.to = SKIP, ""
                self.options.unread[field.name] = None
        if plan.kind == "bar" and plan.period == 0:
            at = plan.symbol_field()
            same = next((i for i in range(1, n) if at < 0 or text(at, i) == first[at]), None)
            if same is None:
                raise HqError(("one row alone does not tell its period: ", ask(SaidOptions.period)), DATA)
            try:
                plan.infer(texts(0), texts(same))
            except ValueError as error:
                raise HqError(f"row {same + 1}: its time {error}", DATA) from None
        return plan

    def _fill(self, rows: RowBlock, fields: list[Field], chunk: list[ColumnSlice]) -> tuple[int, str]:
        """Put rows into the block: how many are good, and what is wrong with the next one."""
        n, wrong = len(chunk[0]), ""
        types = dict(rows.plan.cols)
        for field, column in zip(fields, chunk):
            to = np.frombuffer(rows.columns[field.to], dtype=DTYPES[types.get(field.to, "i8")])
            for _ in range(2):  # once more for the rows before the first bad one
                if not n:
                    break
                try:
                    part = column.part(0, n)
                    to[:n] = codes(part, rows.symbols) if field.op == SYMBOL else _converted(field, part)
                    break
                except Unfit as error:
                    if field.loose:
                        to[:n] = self._loosely(field, column.part(0, n))
                        break
                    n, wrong = error.at, f"column '{field.name}': {error}{field.hint()}"
        return n, wrong

    def _loosely(self, field: Field, column: ColumnSlice) -> Array:
        """The numbers of a column that nobody asked for; what is none is NaN, and told."""
        made = np.full(len(column), np.nan)
        for i in range(len(column)):
            try:
                made[i] = real(column.part(i, i + 1))[0]
            except Unfit:
                self.options.remark(field.text_message, 1)
        return made


def _converted(field: Field, column: ColumnSlice) -> Array:
    """A column's values in the form that hq stores."""
    if field.op == REAL:
        return real(column, field.empty)
    if field.op == BOOL:
        return truth(column)
    if field.op == MAKER:
        return (1 - 2 * truth(column)).astype(np.int8)
    if field.op == SIDE:
        return side(column)
    instants = field.to in ("ts", "open_time")
    if field.digits and not column.textual:
        _count_digits(field, column)
    within = (-FAR, FAR) if instants else I8
    return whole(column, within, field.times, field.plus, lambda text: parsed(field, text), instants)


def _count_digits(field: Field, column: ColumnSlice) -> None:
    made = np.abs(whole(column, I8))
    bad = (made < 10 ** (field.digits - 1)) | (made >= 10**field.digits)
    if bad.any():
        at = int(np.argmax(bad))
        digits = len(str(abs(int(made[at]))))
        raise Unfit(at, f"{made[at]} has {digits} digits, the first row had {field.digits}: is it another unit?")
