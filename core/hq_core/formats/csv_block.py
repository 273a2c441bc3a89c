"""Lines into the block of rows: the kernel bound to a plan, and what becomes of the lines at which it stops."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from hq_core.formats.csv_kernel import parse
from hq_core.formats.csv_odd import Odd
from hq_core.formats.plan import CLOCK
from hq_core.formats.rows import RowBlock, room_of
from hq_core.formats.symbols import Spellings
from hq_core.formats.text_kernel import ODD, OTHER, REAL, WHOLE
from hq_core.jit import Cell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hq_core.formats.csv_head import CsvHead
    from hq_core.formats.csv_lines import Lines
    from hq_core.formats.options import SourceOptions
    from hq_core.formats.plan import Field, FieldPlan
    from hq_core.roles import Item


class CsvBlock:
    """Fills rows, by the plan that the head has made.

    rows     the block and its series
    resumed  a state was taken up, and no row has come since
    """

    def __init__(self, head: CsvHead, lines: Lines, options: SourceOptions) -> None:
        assert head.plan is not None
        self.rows = RowBlock(head.plan, options, room_of(head.plan))
        self.resumed = False
        self._head = head
        self._lines = lines
        self._symbol_at = head.plan.symbol_field()
        self._by_series = self._symbol_at >= 0 and not head.plan.panel
        self._next: str | None = None  # the symbol of the row at which the last filling stopped
        self._odd = Odd(self.rows, options)
        self._spellings = Spellings()
        self._cell = self._bound(head.plan)
        self._cell.set(room=self.rows.room, delimiter=ord(head.delimiter), point=ord(options.decimal))
        self._turn(self.rows.symbol)

    def _bound(self, plan: FieldPlan) -> Cell:
        cell, rows, memory, fields = Cell(parse), self.rows, self._lines.memory, plan.fields
        columns = {
            "op": [WHOLE if field.op == CLOCK else field.op for field in fields],
            "place": [rows.place(field.to) if field.to else 0 for field in fields],
            "times": [field.times for field in fields],
            "plus": [field.plus for field in fields],
            "most": [field.most for field in fields],
            "check": [_check(field) for field in fields],
        }
        for name, values in columns.items():
            cell.buffer(name, array("q", values))
        for name, wide in (("whole", 8), ("real", 8), ("four", 4), ("small", 1)):
            cell.column(name, rows.memory.address, rows.memory.size // wide)
        self._spellings.bind(cell)
        cell.column("text", memory.address, memory.size)
        cell.buffer("hard", self._odd.hard)
        return cell

    def _turn(self, symbol: str) -> None:
        self.rows.symbol, self._next = symbol, None
        self._cell.buffer("series", bytearray(symbol.encode()))

    def load(self, saved: dict[str, Any]) -> Iterator[Item]:
        """Take up what `rows` saved; what was announced, once more."""
        yield from self.rows.load(saved)
        self._turn(self.rows.symbol)
        self.resumed = True

    def fill(self, end: int) -> tuple[int, int, str]:
        """Rows of one series from the lines up to `end`, as many as there is room for.

        How many, the byte after them, and what is wrong with the next one.
        """
        if self._next is not None:
            self._turn(self._next)
        cell = self._cell
        state, wrong = cell.state, ""
        state.pos, state.rows, state.hard = self._lines.at, 0, 0
        cell.set(end=end)
        while True:
            cell.run()
            if state.stop not in (ODD, OTHER):
                break
            more, wrong = self._stopped(state)
            if not more:
                break
        bad = self._odd.numbers(state.hard, self._lines.memory.view)
        if bad is not None:
            row, at, why = bad
            return row, state.pos, f"{self._where(row, at)}: {why}"
        return state.rows, state.pos, wrong

    def _stopped(self, state: Any) -> tuple[bool, str]:
        """Read the row that the kernel did not: (go on, what is wrong)."""
        rows, head = self.rows, self._head
        found = self._lines.line(state.pos)
        assert found is not None
        line, after = found
        where = self._where(state.rows, state.pos)
        if line == head.header and head.header:
            if self.resumed and state.rows == 0:
                return False, (
                    f"{where}: the header again, where the state was left in the middle; give the input from the byte "
                    "on that hq-state --input-bytes says (further rows need no header)"
                )
            state.pos = after
            return True, ""
        try:
            texts = head.split(line)
        except ValueError as error:
            return False, f"{where}: {error}"
        if len(texts) != len(rows.plan.fields):
            return False, f"{where}: has {len(texts)} fields, {len(rows.plan.fields)} wanted"
        if self._by_series and texts[self._symbol_at] != rows.symbol:
            self._next = texts[self._symbol_at]
            return False, ""
        if state.stop == OTHER and self._spelled(texts[self._symbol_at], state):
            return True, ""
        wrong = self._odd.row(texts, state.rows)
        if wrong:
            return False, f"{where}: {wrong}"
        state.pos = after
        state.rows += 1
        return state.rows < rows.room, ""

    def _spelled(self, text: str, state: Any) -> bool:
        """Let the kernel know a symbol as it stands in the line; False where it will not find it there."""
        raw = bytes(self._lines.memory.view[state.begin : state.past])
        if raw.decode("utf-8", "replace").strip() != text:
            return False
        try:
            return self._spellings.spell(raw, self.rows.symbols.code(text))
        except ValueError:  # the field's own error is told with the row's
            return False

    def _where(self, row: int, at: int) -> str:
        return f"row {self.rows.total + row + 1} (byte {self._lines.base + at})"


def _check(field: Field) -> int:
    """What the kernel is told of a field beside its operation, `check` there."""
    if field.op in (WHOLE, CLOCK):
        return field.digits
    return int(field.empty if field.op == REAL else field.zoned)
