"""hq-book: books of the events of every series, and what is shown of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.book.of_books import OfBooks, shape
from hq_core.book.unit import UNIT, Asked, Unit
from hq_core.durations import parse_duration
from hq_core.errors import USAGE, HqError
from hq_core.futures.book_steps import Steps
from hq_core.options import Declared, Keywords, options_of
from hq_core.options.book import BookOptions, ViewOptions
from hq_core.options.steps import ListingOptions, StepOptions

if TYPE_CHECKING:
    from hq_core.batch import Schema

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


class Book(OfBooks[Unit]):
    """Keeps a book for every series of kind book and writes what is shown of it; other rows pass.

    options  keywords: those of StepOptions, ListingOptions, BookOptions and ViewOptions
    """

    __signature__ = Keywords(options_of(Said))
    SHAPE = shape(UNIT)

    def __init__(self, **options: Any) -> None:
        said = Said(**options)
        self.asked = asked(said.emit)
        self._steps = Steps(said.tick, said.lot, said.exchange_info)
        if said.keep_input and self.asked.what == "snapshot":
            what = ("whole books would stand in the series of the events; leave out ", Said.keep_input)
            raise HqError(what, USAGE, subject=(Said.emit, f" {said.emit}"))
        super().__init__("hq-book", said, self.asked.writes)
        self.inputs = self._steps.inputs
        self._lateness = parse_duration(said.lateness, Said.lateness) if said.view == "exch" else -1

    def _unit(self, schema: Schema) -> Unit:
        tick, lot = self._steps.of(schema.symbol)
        return Unit(schema, self.asked, tick, lot, self.drop, self.note, self._findings, self._lateness)

    def _announced(self, unit: Unit, schema: Schema) -> None:
        unit.schema = schema
