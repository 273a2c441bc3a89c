"""What the kernel leaves to Python: numbers that take float(), and the fields of rows that are not plain."""

from __future__ import annotations

from array import array
from math import nan
from typing import TYPE_CHECKING, Any

from hq_core.formats.names import SIDES, TRUTH
from hq_core.formats.numbers import float_of, not_a_number
from hq_core.formats.plan import CLOCK, whole
from hq_core.formats.text_kernel import BOOL, HARD, ISO, REAL, SERIES, SIDE, SKIP, SYMBOL, WHOLE

if TYPE_CHECKING:
    from hq_core.formats.options import SourceOptions
    from hq_core.formats.plan import Field
    from hq_core.formats.rows import RowBlock


class Odd:
    """Puts values into the block of rows one by one.

    hard   (start, end, place in the block) of each number that waits for float(): the kernel's list
    """

    def __init__(self, rows: RowBlock, options: SourceOptions) -> None:
        fields = rows.plan.fields
        self.hard = array("q", bytes(8 * 3 * max(HARD, 2 * len(fields))))
        self._rows = rows
        self._options = options
        by_name = {field.to: field for field in fields if field.to}
        self._reals = [by_name.get(name, fields[0]) for name in rows.columns]  # whose column each `room` places are

    def numbers(self, n: int, text: memoryview) -> tuple[int, int, str] | None:
        """Work off the first n of `hard`; of the first that is no number its row, where it begins, what is wrong."""
        rows, hard = self._rows, self.hard
        block: Any = rows.memory.view.cast("d")
        for i in range(0, n, 3):
            written = bytes(text[hard[i] : hard[i + 1]]).decode("utf-8", "replace").strip()
            column, row = divmod(hard[i + 2], rows.room)
            field = self._reals[column]
            try:
                block[hard[i + 2]] = self._real(field, written)
            except ValueError as error:
                return row, hard[i], f"column '{field.to}': '{written}' {error}{field.hint()}"
        return None

    def row(self, texts: list[str], k: int) -> str:
        """Put a row's fields into row k; what is wrong with one of them."""
        rows = self._rows
        for field, text in zip(rows.plan.fields, rows.plan.joined(texts)):
            if field.op in (SKIP, SERIES):
                continue
            try:
                rows.columns[field.to][k] = self._value(field, text)
            except ValueError as error:
                said = f": '{text}'" if text or field.op != SYMBOL else ""
                return f"column '{field.name}'{said} {error}{field.hint()}"
        return ""

    def _real(self, field: Field, text: str) -> float:
        found = float_of(text, field.empty, self._options.decimal)
        if found is not None:
            return found
        if not field.loose:
            raise ValueError(not_a_number(text))
        self._options.remark(field.text_message, 1)
        return nan

    def _value(self, field: Field, text: str) -> float:
        if field.op == REAL:
            return self._real(field, text)
        if field.op in (WHOLE, ISO, CLOCK):
            return whole(field, text)
        if field.op == SYMBOL:
            return self._rows.symbols.code(text)
        found = (SIDES if field.op == SIDE else TRUTH).get(text.lower())
        if found is None:
            raise ValueError("is not buy or sell" if field.op == SIDE else "is not true or false")
        return found if field.op in (SIDE, BOOL) else 1 - 2 * found
