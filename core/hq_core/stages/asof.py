"""hq-asof: each row gets columns of the latest row of another kind that was known at its ts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.asof.latest import NONE, ages, latest
from hq_core.asof.line import Line
from hq_core.asof.other import Other
from hq_core.batch import EVER, NEVER, SCHEMA, described, undescribed
from hq_core.durations import parse_duration
from hq_core.errors import DATA, USAGE, HqError
from hq_core.jit import Cell
from hq_core.kernels.ops import take
from hq_core.memory import MOST_WAITING, move
from hq_core.options import Declared, Keywords, options_of
from hq_core.options.asof import AsofOptions, WithOptions
from hq_core.roles import Map, Stage
from hq_core.saved import Count, Damaged
from hq_core.say import iso_text
from hq_core.stream.held import rows_of
from hq_core.stream.rows import Numbers

if TYPE_CHECKING:
    from hq_core.batch import Batch, Schema
    from hq_core.jit import Kernel

AGE = "age_s"
FURTHER = Map(kind="further")  # whoever reads what is joined gives it where that has come further


class Said(AsofOptions, Declared):
    """All that is said of a join."""


class Asof(Stage):
    """Joins columns of the latest row of a kind with the same symbol onto the rows of another one.

    beside   what is joined is read elsewhere: whoever reads it calls `announce`, `joined` and `come`
    options  keywords: those of AsofOptions
    """

    panels = "apart"
    __signature__ = Keywords(options_of(Said), after=("beside",))
    SHAPE = {
        "others": Other.SHAPE,
        "lines": [(SCHEMA, (int, int, bool), [(SCHEMA, Count, [bytes])])],
        "begun": int,
        "mark": int,
    }

    def __init__(self, beside: bool = False, **options: Any) -> None:
        super().__init__()
        said = self.options = Said(**options)
        self.beside = beside
        self.onto = said.onto
        columns = [name.strip() for name in said.columns.split(",")]
        if not all(columns) or len(set(columns)) < len(columns):
            rule = "must be names of columns, each once, with commas between them"
            raise HqError(subject=Said.columns, value=said.columns, rule=rule, code=USAGE)
        if not beside:
            if not said.with_kind:
                raise HqError(("name ", WithOptions.with_, " FILE, ", Said.with_kind, " KIND, or both"), USAGE)
            if said.with_kind == said.onto:
                hint = ("read what is joined from a file: ", WithOptions.with_, " FILE")
                raise HqError("would join a kind onto itself", USAGE, subject=Said.with_kind, hint=hint)
            self.consumes = (said.with_kind,)
        self._tolerance = parse_duration(said.tolerance, Said.tolerance) if said.tolerance else NONE
        self._added = [said.prefix + name for name in [*columns, *([AGE] if said.age else [])]]
        self.others = Other(columns, said.strictly_before, self._given)
        self._lines: dict[str, Line] = {}
        self._of: dict[str, list[Line]] = {"": []}  # by symbol; '': all
        self._waiting: dict[str, Line] = {}
        self._held = 0  # bytes of the rows that wait
        self._begun = NEVER  # all later rows have a ts from here on
        self._mark = NEVER  # one that rows are before which wait
        self._comes = False  # the section that is open has what is joined
        self._latest: Cell | None = None
        self._cells: dict[Kernel, Cell] = {}
        self._row, self._age = Numbers(), Numbers()

    def kernels(self) -> list[Kernel]:
        return [latest, take, *([ages] if self.options.age else [])]

    @property
    def waits(self) -> bool:
        """Whether rows wait for what is joined."""
        return bool(self._waiting)

    @property
    def prompt(self) -> bool:
        return not self._waiting

    def waits_from(self, of: str, period: str) -> int:
        found = (one.first for one in self._waiting.values() if one.schema.period == period and one.schema.of == of)
        return min(found, default=EVER)

    # -- what is joined ----------------------------------------------------------------------------------
    def announce(self, series: Schema) -> None:
        """A series that is joined."""
        self.others.announce(series)

    def joined(self, batch: Batch) -> None:
        """Rows of one.  `come` gives those that they are the last for."""
        try:
            self.others.rows(batch)
        finally:
            self._bound(batch.schema.key)

    def come(self, symbol: str = "") -> None:
        """Give the rows of a symbol, '' of all, that wait no longer."""
        waiting = [one for one in self._of.get(symbol, ()) if one.parts] if symbol else self._waiting.values()
        for line in sorted(waiting, key=lambda one: one.rank):
            self._give(line)
        self._tell_mark()

    def _given(self, symbol: str) -> int:
        return max((line.last for line in self._of.get(symbol, ())), default=NEVER)

    # -- the stream --------------------------------------------------------------------------------------
    def _joins(self, of: str) -> bool:
        return not self.beside and of == self.options.with_kind

    def schema(self, schema: Schema) -> None:
        if self._joins(schema.of):
            self._comes = True
            self.announce(schema)
        elif schema.of != self.onto:
            self.out.series(schema)
        else:
            line = self._lines.get(schema.key)
            if line is None:
                line = self._line(schema)
            self._open(line)
            self.out.series(line.written(schema, self._added, Said.prefix))

    def _line(self, schema: Schema) -> Line:
        line = self._lines[schema.key] = Line(schema)
        self._of.setdefault(schema.symbol, []).append(line)
        if schema.symbol:
            self._of[""].append(line)
        return line

    def _open(self, line: Line) -> None:
        if not line.open:
            line.open = True
            known = self.others.of(line.schema.symbol)
            line.floor = NEVER if known is None else known.floor

    def rows(self, batch: Batch) -> None:
        schema = batch.schema
        if self._joins(schema.of):
            self._comes = True
            try:
                self.joined(batch)
            finally:
                self.come(schema.symbol)
        elif schema.of != self.onto:
            self.out.copy(batch)
        else:
            line = self._lines[schema.key]
            self._open(line)
            self._look(line, batch)
            n = 0 if line.parts else self._join(line, batch)
            if n < batch.n:
                rest = batch.slice(n, batch.n) if n else batch
                line.hold(rest)
                self._waiting[schema.key] = line
                self._held += rest.n * line.parts[-1].row
            self._bound(schema.key)
            self._drop(schema.symbol)

    def _look(self, line: Line, batch: Batch) -> None:
        """Refuse rows that come when what they would get has been dropped."""
        if line.floor == NEVER:
            return
        first = max(batch.times()[0], line.last)
        if first < line.floor or (first == line.floor and self.others.strictly):
            raise HqError(
                f"{batch.schema.key} begins at {iso_text(first)}, where others of its symbol have come to "
                f"{iso_text(line.floor)}; hq-merge --series puts series in the order of their ts",
                DATA,
            )
        line.floor = NEVER

    def _give(self, line: Line) -> None:
        """Give those rows of a series that wait no longer."""
        given = 0
        for batch in line.waiting():
            n = self._join(line, batch)
            given += n
            self._held -= n * sum(batch.schema.widths)
            if n < batch.n:
                break
        line.drop(given)
        if not line.parts:
            self._waiting.pop(line.schema.key, None)
        if given:
            self._drop(line.schema.symbol)

    def _join(self, line: Line, batch: Batch) -> int:
        """Give the first rows of a batch, as far as all is known that they get; how many."""
        schema, n, known = batch.schema, batch.n, self.others.of(batch.schema.symbol)
        cell = self._latest
        if cell is None:
            cell = self._latest = Cell(latest)
            cell.set(before=self.others.strictly, tolerance=self._tolerance)
        row, age = self._row.at(n), self._age.at(n)
        kept = None if known is None or not known.kept.n else known.kept
        cell.column("ts", batch.address(schema.clock), n)
        cell.column("complete", batch.addresses[schema.flag], n if schema.flag >= 0 else 0)
        cell.column("known", kept.starts[0] if kept else 0, kept.n if kept else 0)
        cell.column("row", row, n)
        cell.column("age", age, n)
        cell.set(until=self.others.until(schema.symbol))
        cell.state.last = line.last
        cell.run()
        good: int = cell.state.n
        if good:
            line.last = cell.state.last
            series = self.out.series(line.written(schema, self._added, Said.prefix))
            to = self.out.rows(series, good)
            move(to, batch.addresses, schema.widths, good)
            there = to[len(schema.cols) :]
            values = kept.starts[1:] if kept else [0] * len(self.others.columns)
            for column, out in zip(values, there):
                picked = self._cell(take, row, good, out)
                picked.column("values", column, kept.n if kept else 0)
                picked.run()
            if self.options.age:
                aged = self._cell(ages, row, good, there[-1])
                aged.column("age", age, good)
                aged.run()
            self.out.commit(series, good)
        return good

    def _cell(self, kernel: Kernel, row: int, n: int, out: int) -> Cell:
        cell = self._cells.get(kernel)
        if cell is None:
            cell = self._cells[kernel] = Cell(kernel)
        cell.column("row", row, n)
        cell.column("out", out, n)
        return cell

    def _drop(self, symbol: str) -> None:
        """Forget what no row of a symbol gets any more."""
        known = self.others.of(symbol)
        if known is not None and known.kept.n > 1:
            lines = [one for one in self._of.get(known.series.symbol, ()) if one.open or one.parts]
            upto = min((one.last if one.parts else max(one.last, self._begun) for one in lines), default=self._begun)
            self.others.drop(known, upto)

    def _bound(self, last: str) -> None:
        """Refuse to hold more than MOST_WAITING."""
        if self._held + self.others.bytes > MOST_WAITING:
            what = self.options.with_kind or "what is joined"
            raise HqError(
                f"{MOST_WAITING >> 20} MiB of rows wait at {last}: {what} and {self.onto} have not come as far "
                "as each other; hq-merge --series puts series in the order of their ts",
                DATA,
            )

    def mark(self, ts: int) -> None:
        self.advance(ts)
        if not self.beside:
            self._marked(ts)
        self._mark = max(self._mark, ts)
        self._tell_mark()

    def _tell_mark(self) -> None:
        """A mark goes on when no row before it waits."""
        if self._mark != NEVER and all(one.first >= self._mark for one in self._waiting.values()):
            ts, self._mark = self._mark, NEVER
            self.out.mark(ts)

    def _marked(self, ts: int) -> None:
        """No earlier row comes that could be joined."""
        self.others.marked = max(self.others.marked, ts)
        self.come()

    def advance(self, ts: int) -> None:
        self._begun = max(self._begun, ts)
        if self._comes:  # else nobody has looked how far it is
            self._marked(ts)
        for symbol in self.others.known:
            self._drop(symbol)

    def other(self, frame: dict[str, Any]) -> None:
        if frame is FURTHER:
            self.come()
            if self.joiner is not None:
                self.joiner.catch_up()
        elif frame["kind"] != "strings" or not self._joins(frame["of"].partition("/")[0]):
            self.out.map(frame)

    def section(self) -> None:
        """What it does not announce, or has no rows of, has ended."""
        self._comes = False
        for line in self._lines.values():
            line.open = False

    def finish(self, more: bool) -> None:
        if not more:
            self.others.ended = True
            self.come()

    def remarks(self) -> list[str]:
        n = sum(line.n for line in self._waiting.values())
        found = [f"{n} row{'s wait' if n != 1 else ' waits'} in the state for what is joined to come as far"] * (n > 0)
        if self.others.ended and not self.others.known:
            kind = self.options.with_kind
            found.append(f"no row{f' of kind {kind}' if kind else ''} came that could be joined: all is absent")
        return found

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> dict[str, Any]:
        lines = []
        for line in self._lines.values():
            parts = [[described(part.schema), part.n, part.columns()] for part in line.parts]
            lines.append([described(line.schema), [line.last, line.floor, line.open], parts])
        return {"others": self.others.save(), "lines": lines, "begun": self._begun, "mark": self._mark}

    def load(self, saved: dict[str, Any]) -> None:
        self._begun, self._mark = saved["begun"], saved["mark"]
        self.others.load(saved["others"])
        for about, (last, floor, is_open), parts in saved["lines"]:
            schema = undescribed(about)
            if schema.key in self._lines:
                raise Damaged(f"{schema.key} is there twice")
            line = self._line(schema)
            line.last, line.floor, line.open = last, floor, is_open
            for columns_of, n, columns in parts:
                part = undescribed(columns_of)
                line.written(part, self._added, Said.prefix)
                if part.key != schema.key or part.panel or not n:
                    raise Damaged(f"{n} rows of {part.key} wait as those of {schema.key}")
                batch = rows_of(part, n, columns)
                batch.times()
                line.hold(batch)
                self._held += n * line.parts[-1].row
            if parts:
                self._waiting[schema.key] = line
