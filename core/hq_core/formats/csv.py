"""Delimited text from a pipe, parsed by a kernel as it comes: no seek, no whole file, memory for two reads."""
from __future__ import annotations

from array import array
from math import nan
from typing import TYPE_CHECKING, Any

from hq_core.errors import DATA, HqError
from hq_core.formats.csv_kernel import BOOL, FAR, ISO, ODD, OTHER, REAL, SERIES, SIDE, SKIP, WHOLE, parse
from hq_core.formats.inflate import READ
from hq_core.formats.layouts import build
from hq_core.formats.members import Members
from hq_core.formats.names import SIDES, TRUTH, squash, without_header
from hq_core.formats.numbers import float_of, is_number, not_a_number
from hq_core.formats.options import Options
from hq_core.formats.plan import CLOCK, MOST_I4, WIDE, whole
from hq_core.formats.rows import ROWS, Rows, room_of
from hq_core.formats.times import read_iso
from hq_core.jit import Cell, address_of
from hq_core.wire.frame import Memory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hq_core.formats.inflate import ByteStream
    from hq_core.formats.plan import Field, Plan

    Item = tuple[str, Any]

BUFFER = 2 * READ
SLACK = 64              # the kernel may look so far past the last byte
HARD = 4096             # numbers that wait for float() at most
DELIMITERS = ",;\t|"
MARK = b"\xef\xbb\xbf"       # the byte order mark that some programs put before UTF-8


class CsvSource:
    """(kind, item) pairs of a CSV stream: schema Schema, rows Batch, idle None.

    position  bytes of the (unpacked) stream up to the end of the last row that was handed out
    Raises HqError DATA at the first bad row; the rows before it have been handed out.
    """

    ours, lines = "", True

    SHAPE = {
        "names": frozenset({list, type(None)}), "header": bytes, "samples": [[str]], "delimiter": str, "rows": ROWS,
        "file": str,
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
        self._members = Members(stream, self.options)
        self._looked = 0                    # position up to which lines were looked at for the plan
        self._seen = 0                      # rows among them
        self._plan: Plan | None = None
        self._rows: Rows | None = None
        self._reals: list[Field] = []       # whose column each block of `room` places is
        self._cell: Cell | None = None
        self._hard = array("q")
        self._cut = False                   # the stream ended inside a line, where that may not be
        self._resumed = False               # a state was taken up, and no row has come since
        self._preamble = self.options.skip_lines    # lines before the header that are still to come

    def __iter__(self) -> Iterator[Item]:
        while True:
            yield from self._waiting()
            if self._ended:
                break
            if not self.stream.pending:
                yield "idle", None
            self._read()
        if self._cut:
            row = (self._rows.total if self._rows is not None else self._seen) + 1
            raise HqError(
                f"row {row} (byte {self._base + self._at}): the input ends inside this line: its writer may have died; "
                "if the line is whole, end it, as in: { cat FILE; echo; } | hq-import"
            )
        if self._samples and self._rows is None:
            raise HqError("one row alone does not tell its period: pass --period to hq-import")
        self.options.together.end()

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> dict[str, Any]:
        """What is needed to read on from `position`."""
        if self._plan is None or self._rows is None:
            return {}
        return {
            "names": self._names, "header": self._header, "samples": self._samples, "delimiter": self._delimiter,
            "rows": self._rows.save(), "file": self._members.name,
        }

    def load(self, saved: dict[str, Any]) -> Iterator[Item]:
        """Take up where another source was saved; gives the schema items again."""
        if saved:
            self._names, self._header, self._samples = saved["names"], saved["header"], saved["samples"]
            self._delimiter = saved["delimiter"]
            self._preamble = 0
            self._members.began(saved.get("file", ""))
            self._use(self._planned(*self._samples))
            assert self._rows is not None
            for schema in self._rows.load(saved["rows"]):
                yield "schema", schema
            self._bind_symbol()
            self._resumed = True

    # -- what the file is --------------------------------------------------------------------------------
    def _prepare(self) -> bool:
        """Make the plan as soon as the lines that it takes are there."""
        if self._preamble and not self._pass_preamble():
            return False
        while self._rows is None:
            at = self._enter(self._looked - self._base)
            found = None if at is None else self._line(at)
            if found is None:
                return False
            line, after = found
            self._looked = self._base + after
            if not line.strip() or line == self._header:
                continue
            if not self._delimiter:
                self._delimiter = self.options.delimiter or _delimiter(line)
            self._seen += bool(self._header) or bool(self._samples)
            try:
                self._look(line, after)
            except ValueError as error:
                raise HqError(f"row {max(self._seen, 1)}: {error}") from None
        return True

    def _pass_preamble(self) -> bool:
        """Pass over the lines before the header; whether all have come."""
        while self._preamble:
            found = self._line(self._at)
            if found is None:
                if self._ended:
                    raise HqError(f"the input has fewer lines than the {self.options.skip_lines} of --skip-lines")
                return False
            self._at = found[1]
            self._looked = self._base + self._at
            self._preamble -= 1
        return True

    def _look(self, line: bytes, after: int) -> None:
        """Learn from one more line.  Raises ValueError."""
        row = self._split(line)
        if not self._samples:
            if not self._header and not any(_is_value(text) for text in row):
                self._names, self._header = row, line
                self._at = after
                return
            self._plan = self._planned(row)
            self._samples = [row]
            self._seen = max(self._seen, 1)
        else:
            assert self._plan is not None
            at, first = self._plan.series_field(), self._samples[0]
            if len(row) != len(first) or (at >= 0 and row[at] != first[at]):
                return
            self._samples.append(row)
        plan = self._plan
        if plan.kind == "bar" and plan.period == 0:
            plan.clock(self._samples[-1])
            if len(self._samples) < 2:
                return
            plan.infer(*self._samples, number=max(self._seen, 2))
        self._use(plan)

    def _enter(self, at: int) -> int | None:
        """`at`, or the byte after the header of the archive's file that begins there; None if that has not come."""
        members = self._members
        if self._base + at != members.begins:
            if self._base + at == 0 and bytes(self._memory.view[at : at + 3]) == MARK:
                self._at = self._looked = at = 3
            return at
        found = self._line(at)
        if found is None:
            return None
        line, after = found
        plan, names = self._plan, self._names
        members.enter(self._base + at, self.options, plan is not None and plan.series_field() >= 0)
        if plan is not None:
            names = [field.name for field in plan.fields]
        if names is None:
            return at
        try:
            first = self._split(line.removeprefix(MARK))
        except ValueError as error:
            raise HqError(f"zip: {members.name}: its first line: {error}") from None
        if any(_is_value(text) for text in first):
            if self._header and without_header(first) != names:
                raise members.apart("do not both have a header")
            return at
        if [squash(name) for name in first] != [squash(name) for name in names]:
            raise members.apart(f"have other columns, {', '.join(names)[:100]} and {', '.join(first)[:100]}")
        return after

    def _planned(self, first: list[str], second: list[str] | None = None) -> Plan:
        point = self.options.decimal
        plain = first if point == "." else [text.replace(point, ".") for text in first]
        plan = build(self._names, plain, self.options)
        if second is not None:
            plan.infer(first, second)
        return plan

    def _split(self, line: bytes) -> list[str]:
        """The line's fields.  Raises ValueError."""
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            raise ValueError(f"byte {error.start + 1} of the line is not UTF-8") from None
        if '"' in text:
            import csv

            try:
                fields = next(csv.reader([text], delimiter=self._delimiter))
            except csv.Error as error:
                raise ValueError(f"the line cannot be split: {error}") from None
        else:
            fields = text.split(self._delimiter)
        return [field.strip() for field in fields]

    def _use(self, plan: Plan) -> None:
        """Bind the kernel to the plan and to the block that it fills."""
        self._plan = plan
        rows = self._rows = Rows(plan, self.options, room_of(plan))
        by_name = {field.to: field for field in plan.fields if field.to}
        self._reals = [by_name.get(name, plan.fields[0]) for name in rows.columns]
        cell = self._cell = Cell(parse)
        fields = plan.fields
        columns = {
            "op": [WHOLE if field.op == CLOCK else field.op for field in fields],
            "place": [rows.place(field.to) if field.to else 0 for field in fields],
            "times": [field.times for field in fields],
            "plus": [field.plus for field in fields],
            "most": [_most(field) for field in fields],
            "check": [field.digits if field.op in (WHOLE, CLOCK) else int(field.zoned) for field in fields],
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
        if self._rows is None and not self._prepare():
            return
        while True:
            at = self._enter(self._at)
            if at is None:
                return
            self._at = at
            begins = self._members.begins
            limit = self._filled if begins < 0 else min(self._filled, begins - self._base)
            skip = self._skip
            end = self._memory.raw.rfind(b"\n", at + skip, limit + skip) + 1 - skip
            if end <= at:
                return
            yield from self._until(end)

    def _until(self, end: int) -> Iterator[Item]:
        """The rows up to `end`, the byte after a newline."""
        rows, cell = self._rows, self._cell
        assert rows is not None
        assert cell is not None
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
        at = rows.plan.series_field()
        if at >= 0 and not rows.symbol:
            raise HqError(
                f"row {rows.total + 1} (byte {self._base + self._at}): column '{rows.plan.fields[at].name}' is empty"
            )
        schema, new = rows.series()
        if new:
            yield "schema", schema
        before = rows.total
        batch, wrong = rows.batch(n)
        if wrong or bad:
            self._to_row(rows.total - before)
        else:
            self._at = pos
            self.position = min(self._base + pos, self._total())
        if batch.n:
            self._resumed = False
            yield "rows", batch
        if wrong:
            raise HqError(f"row {rows.total + 1} (byte {self.position}): {wrong}")

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
            column, row = divmod(hard[i + 2], rows.room)
            field = self._reals[column]
            try:
                block[hard[i + 2]] = self._real(field, text)
            except ValueError as error:
                state.rows = row
                where = f"row {rows.total + row + 1} (byte {self._base + hard[i]})"
                return row, f"{where}: column '{field.to}': '{text}' {error}{field.hint()}"
        return state.rows, ""

    def _real(self, field: Field, text: str) -> float:
        found = float_of(text, field.empty, self.options.decimal)
        if found is not None:
            return found
        if not field.loose:
            raise ValueError(not_a_number(text))
        self.options.remark(field.text_told, 1)
        return nan

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
        except ValueError as error:
            return False, f"{where}: {error}"
        if len(texts) != len(plan.fields):
            return False, f"{where}: has {len(texts)} fields, {len(plan.fields)} wanted"
        at = plan.series_field()
        if at >= 0 and texts[at] != rows.symbol:
            return False, ""
        for field, text in zip(plan.fields, plan.joined(texts)):
            if field.op in (SKIP, SERIES):
                continue
            try:
                rows.columns[field.to][state.rows] = self._value(field, text)
            except ValueError as error:
                return False, f"{where}: column '{field.name}': '{text}' {error}{field.hint()}"
        state.pos = after
        state.rows += 1
        return state.rows < rows.room, ""

    def _value(self, field: Field, text: str) -> float:
        if field.op == REAL:
            return self._real(field, text)
        if field.op in (WHOLE, ISO, CLOCK):
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
            if self._samples and self._rows is None:
                raise HqError("the period cannot be told from the first rows: pass --period to hq-import")
            raise HqError(f"the line at byte {self._base} has more than {READ} bytes: this is no CSV", DATA)
        got = self.stream.readinto(memory.view[left : left + READ])
        self._filled += got
        if got == 0:
            self._ended = True
            if left and memory.view[left - 1] != 10:
                if not self.stream.whole and bytes(memory.view[:left]).strip():
                    self._cut = True
                    return
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
