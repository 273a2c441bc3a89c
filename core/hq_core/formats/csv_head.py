"""What the first lines of delimited text tell: the delimiter, the names of its columns, and the plan of its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.errors import HqError
from hq_core.formats.layouts import build
from hq_core.formats.names import series_form, squash, without_header
from hq_core.formats.numbers import is_number
from hq_core.formats.times import read_iso
from hq_core.say import listed

if TYPE_CHECKING:
    from hq_core.batch import Schema
    from hq_core.formats.members import Members
    from hq_core.formats.options import SourceOptions
    from hq_core.formats.plan import FieldPlan

DELIMITERS = ",;\t|"
MARK = b"\xef\xbb\xbf"  # the byte order mark that some programs put before UTF-8


class CsvHead:
    """What is known of a file's lines.

    before   lines before the header that are still to come
    header   the header's line: another file in the same stream may repeat it
    samples  the rows that the plan was made from
    rows     rows among the lines that were looked at
    plan     how rows are made;  ready: nothing about it is open any more
    """

    SHAPE = {"names": frozenset({list, type(None)}), "header": bytes, "samples": [[str]], "delimiter": str}

    def __init__(self, options: SourceOptions) -> None:
        self.before = options.skip_lines
        self.header = b""
        self.samples: list[list[str]] = []
        self.rows = 0
        self.plan: FieldPlan | None = None
        self.ready = False
        self.delimiter = ""
        self._options = options
        self._names: list[str] | None = None

    def take(self, line: bytes) -> bool:
        """Learn from one more line; whether it is the header or stands before it.  Raises HqError."""
        if self.before:
            self.before -= 1
            return True
        if not line.strip() or line == self.header:
            return False
        if not self.delimiter:
            self.delimiter = self._options.delimiter or _delimiter(line)
        self.rows += bool(self.header or self.samples)
        try:
            return self._learn(line)
        except ValueError as error:
            raise HqError(f"row {max(self.rows, 1)}: {error}") from None

    def _learn(self, line: bytes) -> bool:
        """As `take`.  Raises ValueError."""
        row = self.split(line)
        plan = self.plan
        if plan is None:
            if not self.header and not any(_is_value(text) for text in row):
                self._names, self.header = row, line
                return True
            plan = self.plan = self._planned(row)
            self.samples = [row]
            self.rows = max(self.rows, 1)
        else:
            at, first = plan.symbol_field(), self.samples[0]
            if len(row) != len(first) or (at >= 0 and row[at] != first[at]):
                return False
            self.samples.append(row)
        if plan.kind == "bar" and plan.period == 0:
            plan.clock(self.samples[-1])
            if len(self.samples) < 2:
                return False
            plan.infer(*self.samples, number=max(self.rows, 2))
        self.ready = True
        return False

    def _planned(self, first: list[str]) -> FieldPlan:
        point = self._options.decimal
        plain = first if point == "." else [text.replace(point, ".") for text in first]
        return build(self._names, plain, self._options, series_form(self._names or ()))

    def rowless(self) -> Schema:
        """The series of a file of which nothing but the header came."""
        from hq_core.formats.rowless import rowless

        names = self._names or []
        return rowless(names, [True] * len(names), self._options, series_form(names))

    def split(self, line: bytes) -> list[str]:
        """The line's fields.  Raises ValueError."""
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            raise ValueError(f"byte {error.start + 1} of the line is not UTF-8") from None
        if '"' in text:
            import csv

            try:
                fields = next(csv.reader([text], delimiter=self.delimiter))
            except csv.Error as error:
                raise ValueError(f"the line cannot be split: {error}") from None
        else:
            fields = text.split(self.delimiter)
        return [field.strip() for field in fields]

    # -- further files of an archive ---------------------------------------------------------------------
    @property
    def by_symbol(self) -> bool:
        """Whether rows say their symbols."""
        return self.plan is not None and self.plan.symbol_field() >= 0

    def again(self, line: bytes, members: Members) -> bool:
        """Whether the first line of a further file is the header again.  Raises HqError where it has other columns."""
        names = self._names if self.plan is None else [field.name for field in self.plan.fields]
        if names is None:
            return False
        try:
            first = self.split(line.removeprefix(MARK))
        except ValueError as error:
            raise HqError(f"zip: {members.name}: its first line: {error}") from None
        if any(_is_value(text) for text in first):
            if self.header and without_header(first) != names:
                raise members.apart("do not both have a header")
            return False
        if [squash(name) for name in first] != [squash(name) for name in names]:
            raise members.apart(f"have other columns, {listed(names)} and {listed(first)}")
        return True

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> dict[str, Any]:
        return {"names": self._names, "header": self.header, "samples": self.samples, "delimiter": self.delimiter}

    def load(self, saved: dict[str, Any]) -> None:
        """Take up what `save` gave when the head was ready."""
        self._names, self.header, self.samples = saved["names"], saved["header"], saved["samples"]
        self.delimiter = saved["delimiter"]
        self.before = 0
        self.plan = self._planned(self.samples[0])
        if len(self.samples) > 1:
            self.plan.infer(*self.samples)
        self.ready = True


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
