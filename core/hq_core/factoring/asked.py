"""What is computed of books, and which rows are written of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core.durations import parse_duration
from hq_core.errors import USAGE, HqError
from hq_core.factoring.rows import INSTANT, ON_CLOCK, TRIGGERS
from hq_core.options import Declared
from hq_core.options.book import ViewOptions
from hq_core.options.factors import FactorOptions
from hq_core.options.steps import ListingOptions, StepOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hq_core.factoring.specs import FactorSpec
    from hq_core.graph import Graph, GraphColumn
    from hq_core.options import Option

    Further = Callable[[Graph, Mapping[str, GraphColumn]], Mapping[str, GraphColumn]]


class Said(StepOptions, ListingOptions, FactorOptions, ViewOptions, Declared):
    """All that is said of factors."""


class Asked:
    """The factors, and what the options say.

    names       all columns, those that `further` adds to a graph with the factors among them
    lateness    of the exchange's view, ns; below 0: it is the local one
    on, every   the triggers as bits, and ns of the clock, 0: it has a row at the end of each instant
    clock       whether there is one
    whole       every event is a row

    Raises HqError USAGE for a trigger or a length of time that is none.
    """

    def __init__(self, specs: Sequence[FactorSpec], names: Sequence[str], further: Further, options: Said) -> None:
        self.specs = specs
        self.names = names
        self.further = further
        self.long = options.long
        self.view = options.view
        self.lateness = -1 if options.view == "local" else parse_duration(options.lateness, ViewOptions.lateness)
        self.on = self.every = 0
        for word in options.trigger.split(","):
            self._trigger(word.strip())
        self.clock = bool(self.on & ON_CLOCK)
        self.interval = _length(options.min_interval, FactorOptions.min_interval)
        self.warmup = _length(options.warmup, FactorOptions.warmup)
        self.change = options.min_change
        self.sifts = self.interval > 0 or self.change > 0.0
        self.whole = self.on == TRIGGERS["event"] and not (self.sifts or self.long)

    def _trigger(self, word: str) -> None:
        name, colon, length = word.partition(":")
        every = _length(length, FactorOptions.trigger) if name == "every" and colon else 0
        if (every or word == INSTANT) and not self.on & ON_CLOCK:
            self.every = every
            self.on |= ON_CLOCK
        elif name in TRIGGERS and not colon:
            self.on |= TRIGGERS[name]
        else:
            rule = f"must be of {', '.join(TRIGGERS)}, and at most one of {INSTANT} and every:DURATION"
            raise HqError(subject=FactorOptions.trigger, value=word, rule=rule, code=USAGE)


def _length(text: str, option: Option[str]) -> int:
    return parse_duration(text, option) if text else 0
