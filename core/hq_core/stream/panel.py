"""Panels: rows of many symbols in one series, by ts, those of one ts by the text of their symbol.

A stage that computes symbols apart sees their series: `Apart` stands around it, gives it each symbol's rows, and puts
what it writes together again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.batch import NEVER, SCHEMA, Batch, described, gives_symbols, symbol_of, undescribed
from hq_core.roles import Sink
from hq_core.saved import shaped
from hq_core.stream.joiner import HELD, Joiner
from hq_core.stream.splitter import Splitter
from hq_core.stream.tables import OneTable

if TYPE_CHECKING:
    from collections.abc import Callable

    from hq_core.batch import Schema

    Columns = tuple[tuple[str, str], ...]
    from hq_core.roles import Map, Out, Stage
    from hq_core.stream.joiner import Place


class Coded(Sink):
    """Gives a stage a symbol's rows with codes that mean the same in all that is written, and readers their texts.

    mixed  whether a name is that of a symbol that stands in panels and by itself: both go by itself, with one table
    """

    SHAPE = OneTable.SHAPE

    def __init__(self, stage: Stage, out: Out, joined: bool, mixed: Callable[[str], bool]) -> None:
        self.stage = stage
        self._out = out
        self._tables = OneTable(joined)
        self._mixed = mixed
        self._passed: dict[str, dict[str, list[str]]] = {}  # texts of series by themselves, in the open section

    def schema(self, schema: Schema) -> None:
        self.stage.schema(schema)

    def rows(self, batch: Batch) -> None:
        if batch.schema.codes:
            series = batch.schema
            if self._mixed(series.key):
                self._tables.alone(series, self._passed.pop(series.key, {}))
            batch = Batch(series, batch.n, self._tables.coded(batch), batch, self._tables.of(series))
            self._tell(self._tables.untold(series))
        self.stage.rows(batch)

    def mark(self, ts: int) -> None:
        self.stage.mark(ts)

    def other(self, frame: dict[str, Any]) -> None:
        """Texts of a series by itself pass, but where its rows are given the codes of a table."""
        if frame["kind"] == "strings":
            if self._mixed(frame["of"]):
                return
            self._passed.setdefault(frame["of"], {}).setdefault(frame["col"], []).extend(frame["values"])
        self.stage.other(frame)

    def flush(self) -> None:
        self.stage.flush()

    def finish(self, more: bool) -> None:
        self.stage.finish(more)

    def tell_anew(self) -> None:
        """A section or a run begins: readers are given the texts of rows that wait, and of all others, anew."""
        self._passed = {}
        self._tell(self._tables.told_anew())

    def _tell(self, frames: list[Map]) -> None:
        for frame in frames:
            if frame["of"].partition("/")[0] not in self.stage.consumes:
                self._out.map(frame)

    def save(self) -> list[Any]:
        return self._tables.save()

    def load(self, saved: list[Any]) -> None:
        self._tables.load(saved)


SHAPE = {"stage": object, "panels": [(SCHEMA, int, str, [str])], "plain": [(SCHEMA, int)], "texts": Coded.SHAPE, **HELD}
NOWHERE = NEVER, ""


class Apart(Sink):
    """Stands around a stage: panels are taken apart before it, and what it writes is put together behind it.

    joins   False: what it writes of a panel's symbols stays their series
    """

    def __init__(self, stage: Stage, out: Out, joins: bool = True) -> None:
        self.stage = stage
        self.joiner = stage.joiner = Joiner(out, self._joined, texts=True, come_to=self._come_to)
        self._joins = joins
        self._coded = Coded(stage, out, joins, self._mixed)
        self._splitter = Splitter(self._coded)
        # of this section: where each panel has come to, by kind, period and columns, and each series that is in none
        self._panels: dict[tuple[str, str, Columns], Place] = {}
        self._plain: dict[str, int] = {}
        self._series: dict[str, Schema] = {}  # all so far that came by themselves and have a time
        self._upto = NEVER  # what the stage knows of the time that all have come to
        self._begins = False  # the stage is told of a section, and what stood in panels before stands there still
        self._symbols: set[str] = set()
        self._unpanelled: set[str] = set()  # names of series that came by themselves
        self._before_this: list[tuple[Schema, list[str]]] = []  # panels of the runs before, and their symbols
        self._series_before: list[Schema] = []
        stage.begin(self.joiner)
        for frame in stage.told():
            self.joiner.heard(frame)

    def _joined(self, schema: Schema) -> bool:
        beside = f"bar/{schema.symbol}/{schema.period}" if schema.of == "order" else schema.key  # as the bars stand
        named = schema.symbol in self._symbols and self._unpanelled.isdisjoint((schema.key, beside))
        return self._joins and named and (len(self._panels) > 0 or self._begins)

    def _mixed(self, name: str) -> bool:
        """Whether a symbol stands in panels and has come by itself."""
        return name in self._unpanelled and symbol_of(name) in self._symbols

    def schema(self, schema: Schema) -> None:
        if schema.panel:
            self._panels.setdefault(_named(schema), NOWHERE)
            self.joiner.parted = False
            self._recall()
        else:
            if schema.key not in self._unpanelled:
                self._unpanelled.add(schema.key)
                self.joiner.forget()  # its orders stand as it does
            if ("ts", "i8") in schema.cols:
                self._series[schema.key] = schema
                if schema.of != "order":
                    self._plain.setdefault(schema.key, NEVER)
        self._splitter.schema(schema)

    def _recall(self) -> None:
        """Tell the stage of the series of the runs before: time goes on for them though they may not come again."""
        if not self._before_this and not self._series_before:
            return
        series, self._series_before = self._series_before, []
        for one in series:
            if one.key not in self._series:
                self._series[one.key] = one
                self._splitter.schema(one)
        panels, self._before_this = self._before_this, []
        for panel, symbols in panels:
            for symbol in symbols:
                self._splitter.series(panel, symbol)

    def rows(self, batch: Batch) -> None:
        schema = batch.schema
        if schema.panel and _named(schema) not in self._panels:  # one that no section has to announce anew
            self._panels[_named(schema)] = NOWHERE
            self.joiner.parted = False
        elif not self._panels and not self.joiner.parted:
            self.joiner.part()
        self._recall()
        if schema.panel:
            self._symbols.update(batch.texts.get("symbol", ()))
            self._splitter.rows(batch)
            self._panels[_named(schema)] = max(_last(batch), self._panels[_named(schema)])
        else:
            (self._coded if schema.codes and self._mixed(schema.key) else self.stage).rows(batch)
            if schema.key not in self._plain:
                return
            self._plain[schema.key] = max(_last(batch)[0], self._plain[schema.key])
        upto = self._slowest()
        rose = upto > self._upto
        if rose:
            self._upto = upto
            self.stage.advance(upto)
        if rose or schema.panel:
            self.joiner.catch_up()

    def _slowest(self) -> int:
        """Up to where all have come.  A series beside the panels counts: what reads it must not run ahead of it.

        Orders come now and then, each before its bar, so that they say nothing of the time.
        """
        paced = [ts for name, (ts, _) in self._panels.items() if name[0] != "order"]
        return min([*paced, *self._plain.values()]) if paced else NEVER

    def _come_to(self, of: str, period: str) -> Place:
        """Up to where all rows of a panel have come: of one that comes in, its last row, if no row waits in the stage
        (no smaller one can come); else its last ts, or that of the first row that waits; and of others the slowest's,
        of which there may be more.

        Orders stand before the bars that they were decided on, so theirs is the bars'.
        """
        here = [place for name, place in self._panels.items() if name[:2] == ("bar" if of == "order" else of, period)]
        here = here or [place for name, place in self._panels.items() if name[:2] == (of, period)]
        if not here:
            return self._slowest(), ""
        ts, symbol = min(here)
        return (ts, symbol) if self.stage.prompt else (min(ts, self.stage.waits_from(of, period)), "")

    def section(self, frame: dict[str, Any]) -> None:
        """A section of the input begins: what it does not announce has ended."""
        self._splitter.section()
        self._panels, self._plain = {}, {}
        self.joiner.section(frame)
        self._tell_anew()

    def _tell_anew(self) -> None:
        """The texts of codes are given anew, also those of rows that wait, whatever this section has itself."""
        self._coded.tell_anew()
        self._begins = True
        self.stage.section()
        self._begins = False
        self.joiner.forget()

    def mark(self, ts: int) -> None:
        self._recall()
        self.stage.mark(ts)

    def other(self, frame: dict[str, Any]) -> None:
        if gives_symbols(frame):
            self._symbols.update(frame["values"])
        self._splitter.other(frame)

    def flush(self) -> None:
        self.stage.flush()

    def finish(self, more: bool) -> None:
        self._recall()
        if not more:
            self._splitter.rest()
        self.stage.finish(more)
        if not more:
            self.joiner.release(lambda of, period: None)

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> dict[str, Any]:
        return {
            "stage": self.stage.save(),
            "panels": [
                [described(panel), *self._panels.get(_named(panel), NOWHERE), symbols]
                for panel, symbols in [*self._before_this, *self._splitter.symbols()]
            ],
            "plain": [
                [described(series), self._plain.get(series.key, NEVER)]
                for series in [*self._series_before, *self._series.values()]
            ],
            "texts": self._coded.save(),
            **self.joiner.save(),
        }

    def load(self, saved: dict[str, Any], ended: bool) -> None:
        """ended  the input before had ended, so that what comes is a section of its own"""
        for about, ts, last, symbols in saved["panels"]:
            panel = undescribed(about)
            if not ended:
                self._panels[_named(panel)] = ts, last
            self._before_this.append((panel, symbols))
            self._symbols.update(symbols)
        for about, ts in saved["plain"]:
            series = undescribed(about)
            if not ended and series.of != "order":
                self._plain[series.key] = ts
            self._series_before.append(series)
            self._unpanelled.add(series.key)
        self._coded.load(saved["texts"])
        self._symbols |= self.joiner.load(saved)
        self.stage.load(saved["stage"] and shaped(saved["stage"], self.stage.SHAPE))

    def take_up(self) -> None:
        """The stream has begun: the rows that a state brought go where those of this run do."""
        self._tell_anew()
        self.joiner.take_up()


def _named(panel: Schema) -> tuple[str, str, Columns]:
    return panel.of, panel.period, panel.cols


def _last(batch: Batch) -> Place:
    """ts and, in a panel, symbol of the last complete row: a forming one may have any ts.  NOWHERE if there is none."""
    at = batch.last_whole()
    if at < 0:
        return NOWHERE
    symbol = batch.slice(at, at + 1).words("symbol")[0] if batch.schema.panel else ""
    return int(batch.times()[at]), symbol
