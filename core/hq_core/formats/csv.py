"""Delimited text from a pipe, parsed by a kernel as it comes: no seek, no whole file, memory for two reads."""
from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from hq_core.errors import DATA, HqError
from hq_core.formats.csv_kernel import BOOL, FAR, ISO, ODD, OTHER, REAL, SERIES, SIDE, SKIP, WHOLE, parse
from hq_core.formats.inflate import READ
from hq_core.formats.layouts import MOST_I4, WIDE, build, whole
from hq_core.formats.names import SIDES, TRUTH, is_number
from hq_core.formats.options import Options
from hq_core.formats.rows import ROOM, ROWS, Rows
from hq_core.formats.times import read_iso
from hq_core.jit import Cell, address_of
from hq_core.wire.frame import Memory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hq_core.formats.inflate import ByteStream
    from hq_core.formats.layouts import Field, Plan

    Item = tuple[str, Any]

BUFFER = 2 * READ
SLACK = 64              # the kernel may look so far past the last byte
HARD = 4096             # numbers that wait for float() at most
DELIMITERS = ",;\t|"
NOT_FINITE = {"": "nan", "nan": "nan", "inf": "inf", "+inf": "inf", "-inf": "-inf"}


class CsvSource:
    """(kind, item) pairs of a CSV stream: schema Schema, rows Batch, idle None.

    position  bytes of the (unpacked) stream up to the end of the last row that was handed out
    Raises HqError DATA at the first bad row; the rows before it have been handed out.
    """

    SHAPE = {
        "names": frozenset({list, type(None)}), "header": bytes, "samples": [[str]], "delimiter": str, "rows": ROWS,
    }

    def __init__(self, stream: ByteStream, options: Options | None = None) -> None:
        self.stream = stream
        self.options = options or Options()
        self.position = 0
        self._memory = Memory(BUFFER + SLACK)
        self._at = self._filled = 0
        self._base = 0                      # position of the buffer's first byte
        self._added = 0                     # newlines put at the end of a file that has none
        self._skip = self._memory.address - address_of(self._memory.raw)
        self._ended = False
        self._names: list[str] | None = None
        self._header = b""                  # the header's line: another file in the same stream may repeat it
        self._samples: list[list[str]] = []     # the rows that the plan was made from
        self._delimiter = ""
        self._plan: Plan | None = None
        self._rows: Rows | None = None
        self._cell: Cell | None = None
        self._hard = array("q")
        self._resumed = False               # a state was taken up, and no row has come since

    def __iter__(self) -> Iterator[Item]:
        while True:
            yield from self._waiting()
            if self._ended:
                return
            if not self.stream.pending:
                yield "idle", None
            self._read()

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> dict[str, Any]:
        """What is needed to read on from `position`."""
        if self._plan is None or self._rows is None:
            return {}
        return {
            "names": self._names, "header": self._header, "samples": self._samples, "delimiter": self._delimiter,
            "rows": self._rows.save(),
        }

    def load(self, saved: dict[str, Any]) -> Iterator[Item]:
        """Take up where another source was saved; gives the schema items again."""
        if saved:
            self._names, self._header, self._samples = saved["names"], saved["header"], saved["samples"]
            self._delimiter = saved["delimiter"]
            self._use(self._planned(*self._samples))
            assert self._rows is not None
            for schema in self._rows.load(saved["rows"]):
                yield "schema", schema
            self._bind_symbol()
            self._resumed = True

    # -- what the file is --------------------------------------------------------------------------------
    def _prepare(self) -> bool:
        """Make the plan as soon as the lines that it takes are there."""
        at = self._at
        if self.position == 0 and bytes(self._memory.view[at : at + 3]) == b"\xef\xbb\xbf":
            at = self._at = at + 3
        lines = []
        while (found := self._line(at)) is not None:
            line, at = found
            if line.strip():
                lines.append((line, at))
            if len(lines) >= 2 and self._try(lines):
                return True
        if self._ended:
            if not lines:
                return False
            if not self._try(lines):
                if self._plan is None:
                    self._at = self._filled         # a header and no rows: nothing comes out, and that is no error
                    return False
                raise HqError("one row alone does not tell its period: pass --period to hq-import")
            return True
        return False

    def _try(self, lines: list[tuple[bytes, int]]) -> bool:
        """Make the plan from the lines seen so far, if they are enough."""
        line, after = lines[0]
        if not self._delimiter:
            self._delimiter = self.options.delimiter or _delimiter(line)
        split = [self._split(text) for text, _ in lines]
        rows = split
        if not any(_is_value(text) for text in split[0]):
            self._names, self._header = split[0], line
            rows = split[1:]
            self._at = after
        if not rows:
            return False
        self._samples = rows[:1]
        plan = self._plan = self._planned(rows[0])
        if plan.kind == "bar" and plan.period == 0:
            at, wide = plan.series_field(), len(rows[0])
            fit = [row for row in rows[1:] if len(row) == wide and (at < 0 or row[at] == rows[0][at])]
            if not fit:
                return False
            self._samples = [rows[0], fit[0]]
            plan.infer(rows[0], fit[0])
        self._use(plan)
        return True

    def _planned(self, first: list[str], second: list[str] | None = None) -> Plan:
        point = self.options.decimal
        plain = first if point == "." else [text.replace(point, ".") for text in first]
        plan = build(self._names, plain, self.options)
        if second is not None:
            plan.infer(first, second)
        return plan

    def _split(self, line: bytes) -> list[str]:
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            raise HqError(f"byte {error.start + 1} of the line is not UTF-8", DATA) from None
        if '"' in text:
            import csv

            try:
                fields = next(csv.reader([text], delimiter=self._delimiter))
            except csv.Error as error:
                raise HqError(f"the line cannot be split: {error}", DATA) from None
        else:
            fields = text.split(self._delimiter)
        return [field.strip() for field in fields]

    def _use(self, plan: Plan) -> None:
        """Bind the kernel to the plan and to the block that it fills."""
        self._plan = plan
        rows = self._rows = Rows(plan, self.options, ROOM)
        cell = self._cell = Cell(parse)
        fields = plan.fields
        columns = {
            "op": [field.op for field in fields],
            "place": [rows.place(field.to) if field.to else 0 for field in fields],
            "times": [field.times for field in fields],
            "plus": [field.plus for field in fields],
            "most": [_most(field) for field in fields],
            "check": [field.digits if field.op == WHOLE else int(field.zoned) for field in fields],
        }
        for name, values in columns.items():
            cell.buffer(name, array("q", values))
        for name in ("whole", "real", "small"):
            cell.column(name, rows.memory.address, rows.memory.size // (1 if name == "small" else 8))
        cell.column("text", self._memory.address, self._memory.size)
        cell.column("words", self._memory.address, self._memory.size // 8)
        self._hard = array("q", bytes(8 * 3 * max(HARD, 2 * len(fields))))
        cell.buffer("hard", self._hard)
        cell.set(room=rows.room, delimiter=ord(self._delimiter), point=ord(self.options.decimal))
        self._bind_symbol()

    def _bind_symbol(self) -> None:
        assert self._rows is not None
        assert self._cell is not None
        self._cell.buffer("series", bytearray(self._rows.symbol.encode()))

    # -- rows --------------------------------------------------------------------------------------------
    def _waiting(self) -> Iterator[Item]:
        if (self._plan is None or self._rows is None) and not self._prepare():
            return
        rows, cell = self._rows, self._cell
        assert rows is not None
        assert cell is not None
        skip = self._skip
        end = self._memory.raw.rfind(b"\n", self._at + skip, self._filled + skip) + 1 - skip
        if end <= self._at:
            return
        state = cell.state
        state.pos, state.rows, state.hard = self._at, 0, 0
        cell.set(end=end)
        while True:
            cell.run()
            wrong, odd = "", False
            if state.stop in (ODD, OTHER):
                odd, wrong = self._odd(state)
            if odd:
                continue
            n, bad = self._settle(state)
            if n:
                yield from self._hand_out(n, state.pos, bad)
            if wrong or bad:
                raise HqError(bad or wrong)
            self._at = state.pos
            self.position = self._base + self._at
            state.rows = state.hard = 0
            symbol = self._symbol_at(self._at) if state.stop in (ODD, OTHER) else None
            if symbol is not None:
                self._switch(symbol)
            elif self._at >= end:
                return

    def _hand_out(self, n: int, pos: int, bad: str) -> Iterator[Item]:
        rows = self._rows
        assert rows is not None
        schema, new = rows.series()
        if new:
            yield "schema", schema
        before = rows.total
        batch, wrong = rows.batch(n)
        if wrong or bad:
            self._to_row(batch.n)
        else:
            self._at = pos
            self.position = min(self._base + pos, self._total())
        if batch.n:
            self._resumed = False
            yield "rows", batch
        if wrong:
            raise HqError(f"row {before + batch.n + 1} (byte {self.position}): {wrong}")

    def _total(self) -> int:
        return self._base + self._filled - self._added

    def _to_row(self, n: int) -> None:
        """Move to the byte after the first n rows from here."""
        while n > 0:
            found = self._line(self._at)
            if found is None:
                return
            line, self._at = found
            n -= bool(line.strip()) and line != self._header
        self.position = min(self._base + self._at, self._total())

    def _settle(self, state: Any) -> tuple[int, str]:
        """float() for the numbers that the kernel left; the rows that are good, and what is wrong with the next."""
        rows = self._rows
        assert rows is not None
        hard, view = self._hard, self._memory.view
        block: Any = rows.memory.view.cast("d")
        for i in range(0, state.hard, 3):
            text = bytes(view[hard[i] : hard[i + 1]]).decode("utf-8", "replace").strip()
            name, row = rows.named(hard[i + 2], "f8")
            try:
                block[hard[i + 2]] = self._real(rows.plan.field(name), text)
            except ValueError as error:
                state.rows = row
                where = f"row {rows.total + row + 1} (byte {self._base + hard[i]})"
                return row, f"{where}: column '{name}': '{text}' {error}"
        return state.rows, ""

    def _real(self, field: Field, text: str) -> float:
        point = self.options.decimal
        if point != ".":
            text = text.replace(".", "?").replace(point, ".")
        if is_number(text):
            return float(text)
        named = NOT_FINITE.get(text.lower())
        if named is None or not field.empty:
            raise ValueError("is not a number")
        return float(named)

    def _odd(self, state: Any) -> tuple[bool, str]:
        """Read the row that the kernel did not: (go on, what is wrong)."""
        rows, plan = self._rows, self._plan
        assert rows is not None
        assert plan is not None
        found = self._line(state.pos)
        assert found is not None
        line, after = found
        where = f"row {rows.total + state.rows + 1} (byte {self._base + state.pos})"
        if line == self._header and self._header:
            if self._resumed and state.rows == 0:
                return False, (
                    f"{where}: the header again, where the state was left in the middle; give the input from the byte "
                    "on that hq-state --input-bytes says (further rows need no header)"
                )
            state.pos = after
            return True, ""
        try:
            texts = self._split(line)
        except HqError as error:
            return False, f"{where}: {error}"
        if len(texts) != len(plan.fields):
            return False, f"{where}: has {len(texts)} fields, {len(plan.fields)} wanted"
        at = plan.series_field()
        if at >= 0 and texts[at] != rows.symbol:
            return False, ""
        for field, text in zip(plan.fields, texts):
            if field.op in (SKIP, SERIES):
                continue
            try:
                rows.columns[field.to][state.rows] = self._value(field, text)
            except ValueError as error:
                return False, f"{where}: column '{field.name}': '{text}' {error}"
        state.pos = after
        state.rows += 1
        return state.rows < rows.room, ""

    def _value(self, field: Field, text: str) -> float:
        if field.op == REAL:
            return self._real(field, text)
        if field.op in (WHOLE, ISO):
            return whole(field, text)
        found = (SIDES if field.op == SIDE else TRUTH).get(text.lower())
        if found is None:
            raise ValueError("is not buy or sell" if field.op == SIDE else "is not true or false")
        return found if field.op in (SIDE, BOOL) else 1 - 2 * found

    def _symbol_at(self, at: int) -> str | None:
        """The symbol of the row at `at`, if it is not the current one."""
        assert self._rows is not None
        assert self._plan is not None
        found = self._line(at)
        field = self._plan.series_field()
        if found is None or field < 0:
            return None
        texts = self._split(found[0])
        return texts[field] if field < len(texts) and texts[field] != self._rows.symbol else None

    def _switch(self, symbol: str) -> None:
        assert self._rows is not None
        self._rows.symbol = symbol
        self._bind_symbol()

    # -- bytes -------------------------------------------------------------------------------------------
    def _line(self, at: int) -> tuple[bytes, int] | None:
        """The line at `at` without its end, and where the next one begins; None if it has not come whole."""
        raw, skip = self._memory.raw, self._skip
        end = raw.find(b"\n", at + skip, self._filled + skip)
        if end < 0:
            return None
        return bytes(raw[at + skip : end]).removesuffix(b"\r"), end + 1 - skip

    def _read(self) -> None:
        memory = self._memory
        left = self._filled - self._at
        if self._at:
            memory.view[:left] = bytes(memory.view[self._at : self._filled])
            self._base += self._at
            self._at, self._filled = 0, left
        if left > BUFFER - READ:
            if self._plan is not None and self._rows is None:
                raise HqError("the period cannot be told from the first rows: pass --period to hq-import")
            raise HqError(f"the line at byte {self._base} has more than {READ} bytes: this is no CSV", DATA)
        got = self.stream.readinto(memory.view[left : left + READ])
        self._filled += got
        if got == 0:
            self._ended = True
            if left and memory.view[left - 1] != 10:
                memory.view[left] = 10
                self._filled += 1
                self._added = 1



def _most(field: Field) -> int:
    """The largest number that a whole field may hold as it stands in the file."""
    if field.to in ("ts", "open_time"):
        return FAR // field.times
    return MOST_I4 if field.to == WIDE else 10**18


def _delimiter(line: bytes) -> str:
    """The character that divides this line most often, outside quotes."""
    bare = b"".join(line.split(b'"')[::2]).decode("utf-8", "replace")
    best = max(DELIMITERS, key=bare.count)
    if bare.count(best) == 0:
        start = line[:60].decode("utf-8", "replace")
        raise HqError(f"not a format that hq reads: the first line '{start}' has no columns")
    return best


def _is_value(text: str) -> bool:
    """A field of a row rather than of a header."""
    return is_number(text) or text.lower() in ("true", "false") or read_iso(text) is not None
