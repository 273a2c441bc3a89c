"""JSON objects of bars and trades of anybody, read by a plan as a text file's fields are."""

from __future__ import annotations

from copy import copy
from math import nan
from typing import TYPE_CHECKING, Any

from hq_core.formats.json_kernel import EMPTY, QUOTED, TRUTH
from hq_core.formats.json_reading import Reading
from hq_core.formats.layouts import build
from hq_core.formats.names import SIDES, symbol_first
from hq_core.formats.numbers import is_number
from hq_core.formats.plan import CLOCK, orders, whole
from hq_core.formats.rows import RowBlock, room_of
from hq_core.formats.shape import ABOUT, Shape, put_symbol
from hq_core.formats.text_kernel import BOOL, ISO, MAKER, REAL, SERIES, SIDE, SKIP, SYMBOL, WHOLE
from hq_core.formats.written import ABSENT, as_text, checked_symbol, real
from hq_core.kinds import BAR, TRADE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hq_core.formats.plan import Field, FieldPlan
    from hq_core.roles import Item

OURS = {*BAR.names, *TRADE.names}
MOST_WAITING = 4096  # rows that wait for a second one of their symbol


class PlannedShape(Shape):
    """Bars and trades of anybody: a plan by the names of their keys, as for csv."""

    plan: FieldPlan | None = None
    _symbol_at = -1
    _columns: list[tuple[int, Field, Any, bool]]

    @property
    def symbol_key(self) -> str:
        return self.keys[self._symbol_at] if self._symbol_at >= 0 else ""

    def symbol(self, row: list[Any]) -> str:
        if self.plan is None:
            return self.options.symbol  # not known yet which key it is
        at = self._symbol_at
        return checked_symbol(row[at], self.keys[at]) if at >= 0 else self.options.symbol

    def ready(self, row: list[Any]) -> bool:
        self.samples = [*self.samples[:1], [_sample(value) for value in row]]
        plan = self._known(self._planned(self.samples[0]))
        if plan.kind == "bar" and plan.period == 0:
            plan.clock(self.samples[-1])
            mine = self.symbol(row)
            if not self.held or mine != self.held[0][0]:
                if len(self.held) >= MOST_WAITING:
                    raise ValueError("the period cannot be told from the first rows: pass --period to hq-import")
                self.held.append((mine, row))
                self.samples = self.samples[:1]
                return False
            plan.infer(*self.samples)
        self._use(plan)
        return True

    def _known(self, plan: FieldPlan) -> FieldPlan:
        self.plan = plan
        self.kind, self.panel = plan.kind, plan.panel
        self._symbol_at = plan.symbol_field()
        return plan

    def _planned(self, first: list[str]) -> FieldPlan:
        said, names = self.options, list(self.keys)
        options = copy(said)
        options.period = said.period or self.period
        if self.tag.startswith("@"):  # milliseconds, or microseconds if the stream was asked for them
            time = next(text for name, text in zip(names, first) if "time" in name)
            options.time_unit, options.period = "us" if len(time) == 16 else "ms", said.period
        elif self.tag in ("bar", "trade"):
            options.kind = said.kind or self.tag
        options.delimiter, options.decimal = "", "."
        series = self.tag.startswith("@") or (self.tag in ("bar", "trade") and symbol_first(names))
        plan = build(names, first, options, series)
        for name in ABOUT:  # they say what the object is
            options.unread.pop(name, None)
        for field in plan.fields:
            if field.name in ("kind", "period") and field.op == REAL:
                plan.cols = [col for col in plan.cols if col[0] != field.to]
                field.op, field.to = SKIP, ""
        return plan

    def _use(self, plan: FieldPlan) -> None:
        self._known(plan)
        self.rows = RowBlock(plan, self.options, room_of(plan) // self.share)
        columns = self.rows.columns
        self._columns = [
            (i, field, columns[field.to], _flag(field))
            for i, field in enumerate(plan.fields)
            if field.op not in (SKIP, SERIES, SYMBOL)
        ]
        self.wholes = [i for i, field in enumerate(plan.fields) if field.op in (WHOLE, ISO, CLOCK)]
        if self.tag in ("bar", "trade"):
            self.lost = [f.name for f in plan.fields if f.op == SKIP and f.name not in ABOUT]

    def put(self, row: list[Any], k: int) -> None:
        if self.plan is not None:
            row = self.plan.joined(row)
        if self.panel:
            put_symbol(self.rows, row[self._symbol_at], self.keys[self._symbol_at], k)
        for i, field, column, flag in self._columns:
            value = row[i]
            if field.op == REAL and type(value) is float:
                column[k] = value
            else:
                self._put(field, column, flag, value, k)

    def _put(self, field: Field, column: Any, flag: bool, value: Any, k: int) -> None:
        try:
            column[k] = real(value, field.empty, flag) if field.op == REAL else _other(field, value)
        except (ValueError, OverflowError) as error:
            if not field.loose or not isinstance(value, str) or is_number(value.strip()):  # a number too large
                raise ValueError(f"'{field.name}': {as_text(value)[:60]!r} {error}{field.hint()}") from None
            self.options.remark(field.text_message, 1)
            column[k] = nan

    def readings(self) -> list[Reading] | None:
        plan = self.plan
        if plan is None or plan.pair is not None or any(field.op == CLOCK for field in plan.fields):
            return None
        return [self._reading(field) for field in plan.fields]

    def _reading(self, field: Field) -> Reading:
        op = field.op
        found = Reading(op, self.rows.place(field.to) if op not in (SKIP, SERIES) else 0)
        if op == REAL:
            found.check = EMPTY * field.empty + TRUTH * _flag(field)
        elif op in (WHOLE, ISO):
            found.check = field.digits if op == WHOLE else int(field.zoned)
            found.times, found.plus = field.times, field.plus
            found.most = field.most
        if op in (ISO, SYMBOL, SERIES):
            found.quotes = QUOTED
        return found

    def number(self, i: int, value: Any, k: int) -> None:
        assert self.plan is not None
        field = self.plan.fields[i]
        self._put(field, self.rows.columns[field.to], _flag(field), value, k)

    def load(self, saved: dict[str, Any]) -> Iterator[Item]:
        self.samples = saved["samples"]
        plan = self._planned(self.samples[0])
        if plan.kind == "bar" and plan.period == 0:
            plan.infer(*self.samples)
        self._use(plan)
        yield from self.rows.load(saved["rows"])


def _flag(field: Field) -> bool:
    """Whether true and false are the field's 1 and 0."""
    return field.to not in OURS and not orders(field.to)


def _sample(value: Any) -> str:
    """A value as the plan looks at it: true and false are numbers to it."""
    return str(int(value)) if isinstance(value, bool) else as_text(value)


def _other(field: Field, value: Any) -> int:
    if field.op in (BOOL, MAKER):
        if not isinstance(value, bool):
            raise ValueError("is not true or false")
        return int(value) if field.op == BOOL else 1 - 2 * int(value)
    if value is ABSENT:
        raise ValueError("is missing")
    if field.op == SIDE:
        found = SIDES.get(as_text(value).lower())
        if found is None:
            raise ValueError("is not buy or sell")
        return found
    return whole(field, as_text(value))
