"""How rows are made of a file's fields: what each field is, and what comes out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core.batch import LONGEST, period_text
from hq_core.errors import HqError
from hq_core.formats.text_kernel import DAY, FAR, ISO, SECOND, SERIES, SKIP, SYMBOL
from hq_core.formats.times import Zone, exact_whole, read_epoch, read_iso, written_out
from hq_core.kinds import VERBS
from hq_core.options.imports import SaidOptions, ask
from hq_core.say import iso_text, say_back

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from hq_core.errors import Phrase
    from hq_core.formats.clock import Clock

WIDE, MOST_I4 = "trades as int64", 2**31 - 1
BOTH, FROM_OPEN, FROM_CLOSE = range(3)  # which of a bar's two times the file has
CLOCK = 16  # a time in a form of its own: no kernel reads it, whole() does


def orders(name: str) -> bool:
    """Whether a column is one of orders, in which a truth or a text would be an order that is lost."""
    return name.rpartition(".")[2] in VERBS


class Field:
    """One field of the file.

    name   as the file calls it;  op: what the kernel does with it;  to: the column that it fills, '' for none
    times  plus: stored = value * times + plus;  digits: how many a time must have, 0 for any;  zoned: ISO with a zone
    clock  reads the times of a CLOCK field
    empty  an empty field is NaN and no error
    loose  nobody asked for it and its name says nothing: text is NaN, and told
    spare  nobody asked for it and rows can be made without it
    left   it is not read, whatever is in it
    """

    __slots__ = ("clock", "digits", "empty", "left", "loose", "name", "op", "plus", "spare", "times", "to", "zoned")

    def __init__(self, name: str, op: int = SKIP, to: str = "", empty: bool = False) -> None:
        self.name = name
        self.op = op
        self.to = to
        self.times, self.plus = 1, 0
        self.digits = 0
        self.zoned = True
        self.empty = empty
        self.loose = self.spare = self.left = False
        self.clock: Clock | None = None

    def hint(self) -> str:
        """What ends an error about a value of this field that rows could do without."""
        quantity = "; an order is a quantity: how much, empty for none, inf for all" if orders(self.to) else ""
        spare = f"; hq-import --drop '{self.name}' reads the rows without it" if self.spare or orders(self.to) else ""
        return quantity + spare

    @property
    def most(self) -> int:
        """The largest number that a whole field may hold as it stands in the file."""
        if self.to in ("ts", "open_time"):
            return FAR // self.times
        return MOST_I4 if self.to == WIDE else 2**63 - 1

    @property
    def text_message(self) -> str:
        """How text in a loose field is told."""
        return f"column '{self.name}' has numbers first and then text, which is read as NaN"


class FieldPlan:
    """How rows are made of a file's fields.

    kind     trade or bar
    of       the kind that comes out, where it is another one: bars of what is not traded
    cols     the columns that come out
    scratch  int64 columns needed on the way: first and last trade id, or the number of trades before it is int32
    stamps   BOTH, FROM_OPEN or FROM_CLOSE: how a bar's other time is found
    period   ns of a bar; 0 when it takes a second row to know
    given    the period was given, not found: rows may lie closer than it
    zone     of times without one
    pair     which fields hold a date and its time of day, where two do
    sorted   rows come in order of time
    ticks    the file's name of a column that counts ticks beside its volume
    """

    __slots__ = (
        "cols",
        "fields",
        "given",
        "kind",
        "of",
        "pair",
        "period",
        "scratch",
        "sorted",
        "stamps",
        "ticks",
        "zone",
    )

    def __init__(self, kind: str, fields: list[Field]) -> None:
        self.kind = self.of = kind
        self.fields = fields
        self.cols: list[tuple[str, str]] = []
        self.scratch: list[str] = []
        self.stamps = BOTH
        self.period = 0
        self.given = False
        self.zone: Zone | None = None
        self.pair: tuple[int, int] | None = None
        self.sorted = True
        self.ticks = ""

    def joined(self, row: list[Any]) -> list[Any]:
        """A row with its date and time of day in one field, that of the date."""
        if self.pair is None:
            return row
        date, time = self.pair
        made = list(row)
        made[date], made[time] = f"{row[date]} {row[time]}", ""
        return made

    def keep(self, names: set[str]) -> None:
        """Make no other columns than these."""
        self.cols = [col for col in self.cols if col[0] in names]
        for field in self.fields:
            if field.op != SERIES and field.to not in names:
                field.op, field.to = SKIP, ""
        self.ticks = ""

    def field(self, to: str) -> Field:
        return next(field for field in self.fields if field.to == to)

    @property
    def period_text(self) -> str:
        return period_text(self.period)

    @property
    def lasting(self) -> bool:
        """Whether rows say themselves how long their bars last."""
        return self.stamps == BOTH

    def measure(self, columns: dict[str, Any]) -> Callable[[int], int]:
        """What tells the period of rows: how long each lasts, or its time if that does not stand there."""
        opens, ends = columns["open_time"], columns["ts"]
        if self.lasting:
            return lambda i: int(ends[i] - opens[i])
        times = opens if self.stamps == FROM_OPEN else ends
        return lambda i: int(times[i])

    def symbol_field(self) -> int:
        """Which field is the symbol; -1 if none."""
        return next((i for i, field in enumerate(self.fields) if field.op in (SERIES, SYMBOL)), -1)

    @property
    def panel(self) -> bool:
        """Whether the rows of all symbols stand in one series."""
        return any(field.op == SYMBOL for field in self.fields)

    def clock(self, row: list[str]) -> int:
        """ns of the one time column of a bar, on the file's own clock.  Raises ValueError."""
        to = "open_time" if self.stamps == FROM_OPEN else "ts"
        at = next(i for i, field in enumerate(self.fields) if field.to == to)
        text = self.joined(row)[at]
        try:
            return whole(self.fields[at], text)
        except ValueError as error:
            raise ValueError(f"column '{self.fields[at].name}': '{text}' {error}") from None

    @property
    def _clock_name(self) -> str:
        """What follows a time on the file's own clock."""
        return "Z" if self.zone is None or self.zone.fixed else f" in {self.zone.name}"

    def infer(self, first: list[str], second: list[str], *, number: int = 2) -> None:
        """The period is the distance of the first two rows; `bar_times` watches that none is smaller.

        number  which row the second one is
        """
        at = 1
        try:
            start = self.clock(first)
            at = number
            apart = self.clock(second) - start
        except ValueError as error:
            raise HqError(f"row {at}: {error}") from None
        if apart < 0 and self.sorted:
            before, now = (f"{iso_text(ns).removesuffix('Z')}{self._clock_name}" for ns in (start, start + apart))
            back = say_back("open_time" if self.stamps == FROM_OPEN else "ts", before, now, 1)
            raise HqError(f"row {number}: {back}; hq-import --order sort puts rows in order")
        self.period = abs(apart)
        if 28 * DAY <= self.period <= 31 * DAY:
            raise HqError(
                (
                    f"rows 1 and {number} are {self.period // DAY}d apart, which may be a month: ",
                    *(ask(SaidOptions.period), " (30d for months)"),
                )
            )
        if not self.period_text or self.period > LONGEST * SECOND:
            hint: Phrase = ask(SaidOptions.period)
            other = self._of_another(first, second) if apart == 0 else ""
            if other:
                hint = "of another symbol? ", ask(SaidOptions.columns, f" symbol={other}"), "; else ", hint
            raise HqError(
                f"the period cannot be told from rows 1 and {number}, which are {self.period / SECOND:g} s apart",
                hint=hint,
            )

    def _of_another(self, first: list[str], second: list[str]) -> str:
        """The column that may say that two rows are of two symbols: nothing is made of it, and it has no decimals."""
        if self.symbol_field() >= 0:
            return ""
        told = zip(self.fields, first, second)
        beside = [field for field, a, b in told if (field.op == SKIP or field.loose) and a != b and "." not in a + b]
        return beside[0].name if beside else ""


def whole(field: Field, text: str) -> int:
    """The integer that a WHOLE, ISO or CLOCK field stores.  Raises ValueError saying what the text is not."""
    if field.clock is not None:
        return field.clock.read(text) + field.plus
    if field.op == ISO:
        found = read_iso(text)
        if found is None:
            raise ValueError("is not an ISO 8601 time")
        if found[1] != field.zoned:
            raise ValueError("has a zone, the first row had none" if found[1] else "has no zone, the first row had one")
        return found[0] + field.plus
    if field.digits and len(text) != field.digits:
        text = written_out(text)
    if field.digits and len(text.lstrip("-")) != field.digits:
        raise ValueError(f"has {len(text)} digits, the first row had {field.digits}: is it another unit?")
    if field.times != 1 or field.to in ("ts", "open_time"):
        ns = read_epoch(text, field.times)
        if ns is None:
            raise ValueError("is not a time")
        return ns + field.plus
    value = exact_whole(text)  # pandas writes 782.0 where a column has gaps
    if value is None:
        raise ValueError("is not a whole number")
    if not -(2**63) <= value < 2**63 or (field.to == WIDE and abs(value) > MOST_I4):
        raise ValueError(f"does not fit {32 if field.to == WIDE else 64} bits")
    return value
