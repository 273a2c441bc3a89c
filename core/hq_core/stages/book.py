"""hq-book: books of the events of every series, and what is shown of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.batch import SCHEMA, described, undescribed
from hq_core.book.unit import UNIT, Asked, Unit
from hq_core.durations import parse_duration
from hq_core.errors import DATA, USAGE, HqError
from hq_core.futures.book_steps import Steps
from hq_core.kinds import BOOK
from hq_core.options import Declared, Keywords, options_of
from hq_core.options.book import BookOptions, ViewOptions
from hq_core.options.steps import ListingOptions, StepOptions
from hq_core.roles import Stage
from hq_core.stream.findings import SHAPE as FINDINGS
from hq_core.stream.findings import Findings

if TYPE_CHECKING:
    from hq_core.batch import Batch, Schema

MOST_LEVELS = 1000
FORMS = "must be quote, depth:N (1 to 1000), updates, snapshot-every:DURATION or snapshot-every:end"


def asked(text: str) -> Asked:
    """What --emit says.  Raises HqError USAGE."""
    what, _, number = text.partition(":")
    if text in ("quote", "updates"):
        return Asked(text)
    if what == "depth" and number.isascii() and number.isdigit() and 1 <= int(number[:9]) <= MOST_LEVELS:
        return Asked(what, int(number))
    if what == "snapshot-every" and number:
        every = 0 if number == "end" else parse_duration(number, BookOptions.emit)
        if every or number == "end":
            return Asked("snapshot", every)
    raise HqError(subject=BookOptions.emit, value=text, rule=FORMS, code=USAGE)


class Said(StepOptions, ListingOptions, BookOptions, ViewOptions, Declared):
    """All that is said of a book."""


class Book(Stage):
    """Keeps a book for every series of kind book and writes what is shown of it; other rows pass.

    options  keywords: those of StepOptions, ListingOptions, BookOptions and ViewOptions
    """

    panels = "apart"
    __signature__ = Keywords(options_of(Said))
    SHAPE = {"findings": FINDINGS, "units": [(SCHEMA, UNIT)]}

    def __init__(self, **options: Any) -> None:
        super().__init__()
        said = self.options = Said(**options)
        self.asked = asked(said.emit)
        declared = Said
        self._steps = Steps(said.tick, said.lot, said.exchange_info)
        self.inputs = self._steps.inputs
        if said.keep_input:
            if self.asked.what == "snapshot":
                what = ("whole books would stand in the series of the events; leave out ", declared.keep_input)
                raise HqError(what, USAGE, subject=(declared.emit, f" {said.emit}"))
            if said.view == "exch":
                what = ("is in the order of exch_ts, the input in that of ts; leave out ", declared.keep_input)
                raise HqError(what, USAGE, subject=(declared.view, " exch"))
        else:
            self.consumes = ("book",)
        self._lateness = -1
        if said.view == "exch":
            self._lateness = parse_duration(said.lateness, declared.lateness)
            self.panels = "series"  # their rows are not in one order of ts
        self._units: dict[str, Unit] = {}
        self._findings = Findings("hq-book")
        self._passed: set[str] = set()  # symbols of series that come in of the kind that is written
        self._books: set[str] = set()

    def _unit(self, schema: Schema) -> Unit:
        tick, lot = self._steps.of(schema.symbol)
        return Unit(schema, self.asked, tick, lot, self.drop, self.note, self._findings, self._lateness)

    def schema(self, schema: Schema) -> None:
        if schema.of == self.asked.writes:
            self._passed.add(schema.symbol)
        if schema.of == "book":
            self._books.add(schema.symbol)
        for symbol in self._passed & self._books if self.asked.writes != "book" else ():
            what = f"{self.asked.writes}/{symbol}/ comes in, and would be written of book/{symbol}/ too"
            raise HqError(what, DATA, hint="send one of them")
        if schema.of != "book":
            self.out.series(schema)
            return
        schema.reads(BOOK.cols, BOOK.required)
        if schema.key not in self._units:
            self._units[schema.key] = self._unit(schema)
        self._units[schema.key].schema = schema
        if self.options.keep_input:
            self.out.series(schema)

    def rows(self, batch: Batch) -> None:
        if batch.schema.of == "finding":
            self._findings.rows(batch, self.out)
            return
        if batch.schema.of != "book":
            self.out.copy(batch)
            return
        if self.options.keep_input:
            self.out.copy(batch)
        self._units[batch.schema.key].rows(batch, self.out)

    def other(self, frame: dict[str, Any]) -> None:
        if not self._findings.heard(frame):
            self.out.map(frame)

    def section(self) -> None:
        self._findings.section(self.out)

    def mark(self, ts: int) -> None:
        if self.options.view == "local":
            self.advance(ts)
            self.out.mark(ts)

    def advance(self, ts: int) -> None:
        if self.options.view == "local":
            for unit in self._units.values():
                unit.upto(ts, self.out)

    def finish(self, more: bool) -> None:
        if not more:
            for unit in self._units.values():
                unit.finish(self.out)

    def remarks(self) -> list[str]:
        return [line for unit in self._units.values() for line in unit.ready.remarks()]

    def save(self) -> dict[str, Any]:
        return {
            "findings": self._findings.save(),
            "units": [[described(unit.schema), unit.save()] for unit in self._units.values()],
        }

    def load(self, saved: dict[str, Any]) -> None:
        self._findings.load(saved["findings"])
        for about, one in saved["units"]:
            schema = undescribed(about)
            unit = self._units[schema.key] = self._unit(schema)
            unit.load(one)
