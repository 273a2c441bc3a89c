"""The factors of one series of book rows whose tick is known: its graph, and which of its rows are written."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any, NamedTuple

from hq_core.batch import WIDTHS
from hq_core.book.intake import ORDERS, Intake
from hq_core.errors import DATA, HqError
from hq_core.factoring.events import OF_INTAKE, OF_ROWS, Events
from hq_core.factoring.rows import MOST, chosen, clocked, judged, lacking, listed, masked, sifted, valid, warming
from hq_core.graph import AS
from hq_core.jit import Cell
from hq_core.memory import after, move
from hq_core.options.factors import FactorOptions
from hq_core.saved import Damaged
from hq_core.say import iso_text
from hq_core.stream.rows import Permutation, Room

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hq_core.batch import Batch, Schema
    from hq_core.factoring.asked import Asked
    from hq_core.graph import GraphColumn
    from hq_core.roles import Out
    from hq_core.stream.findings import Findings

    Step = tuple[int, int]

ROWS = 8192  # events that are computed together
OFF = "price off the tick"
FOREVER = (1 << 63) - 1
FOR_CHOICE = ("kind", "bid", "ask", "bid_qty", "ask_qty", "quality")
COMPUTED = {"by": int, "graph": bytes, "tables": [bytes], "cells": [bytes], "last": [bytes]}  # what `save` gives


class Telling(NamedTuple):
    """How rows that are left out are counted, other things worth a line are told, and findings are written."""

    drop: Callable[[str, int], None]
    note: Callable[[str, int], None]
    findings: Findings


class Computed:
    """Takes rows of one series and writes those of its factors.

    written     the series that it writes
    tick, lot   steps as fractions;  strict: a price off the tick is an error
    """

    def __init__(self, asked: Asked, written: Schema, tick: Step, lot: Step, strict: bool, tell: Telling) -> None:
        self.tell = tell
        self.asked = asked
        self.written = written
        self.intake = Intake(asked.view, tick, strict, lot[0] > 0)
        self._clock = "ts" if asked.view == "local" else "exch_ts"
        self.events = Events(tick, lot)
        self.graph = self.events.graph
        wanted = self._columns()
        self.graph.compile(wanted)
        self.cells = {kernel: Cell(kernel) for kernel in (clocked, chosen, sifted, listed)}
        self.cells[clocked].set(every=asked.every)
        self.cells[chosen].set(on=asked.on)
        for kernel in (sifted, listed):
            self.cells[kernel].set(interval=asked.interval, change=asked.change, apart=ROWS)
        n = len(asked.names)
        self.last: list[array[Any]] = [array("d", bytes(8 * n)), array("q", bytes(16 * n))]
        self._moved, self._gathered, self._listed = Permutation(), Room(), Room()
        self._made = [array("q", bytes(8 * ROWS)) for _ in wanted]
        self._values = array("d", bytes(8 * ROWS * n))
        self._reasons = array("b", bytes(ROWS * n))
        self._order = array("q", bytes(8 * ROWS))
        names = [*OF_ROWS, *OF_INTAKE, "event"]
        self._clocked = {name: array("q", bytes(8 * ROWS)) for name in names} if asked.clock else {}

    def _columns(self) -> list[GraphColumn]:
        """The values, then valid and reason, or the reason of each; then what rows are chosen by."""
        asked, events, graph = self.asked, self.events, self.graph
        found: dict[str, GraphColumn] = {}
        # by name: the column that lacks a value where this one does, and whether the book may be the reason
        judges: dict[str, tuple[str, bool]] = {}
        always = ""
        for spec in asked.specs:
            found |= zip(spec.columns, events.factor(spec.entry, spec.params))
            book = events.reads_book(spec.entry)
            if book and spec.entry.always:
                always = always or spec.label
                judges |= dict.fromkeys(spec.columns, (always, book))
            else:  # in a row of its own each has its own reason: vwap may lack where its volume does not
                judges |= {name: (name if asked.long else spec.label, book) for name in spec.columns}
        found |= asked.further(graph, found)
        any_book = any(book for _, book in judges.values())
        values = {name: found[name] for name in asked.names}
        quality = events.column("quality", {})
        begins: GraphColumn | None = None
        if asked.warmup:
            begins = graph.node(warming, [events.column("ts", {})], {"length": asked.warmup}).out()
            values = {name: graph.node(masked, [out, begins]).out() for name, out in values.items()}
        reasons: dict[str, GraphColumn] = {}
        last = begins
        for name in asked.names:
            judge, book = judges.get(name, (name, any_book))
            if judge not in reasons:
                before = begins if asked.long else last
                kernel, inputs = (lacking, []) if before is None else (judged, [before])
                last = graph.node(kernel, [values[judge], *inputs, quality], {"book": int(book)}).out()
                reasons[judge] = last
            reasons[name] = reasons[judge]
        assert last is not None
        behind = [graph.node(valid, [last]).out(), last]
        if asked.long:
            behind = [reasons[name] for name in asked.names]
        choice = [] if asked.whole else [events.column(name, {}) for name in FOR_CHOICE]
        return [*values.values(), *behind, *choice]

    def rows(self, batch: Batch, out: Out) -> None:
        """Rows of the series."""
        intake, at = self.intake, [batch.address(name) for name in (self._clock, "exch_ts", "px")]
        taken = intake.take(batch)
        self._left_out(batch, out)
        if taken.n < batch.n:
            widths = [WIDTHS[kind] for kind in OF_ROWS.values()]
            to = self._gathered.columns(widths, taken.n)
            self._moved.take(taken.row, taken.n, widths, at, to)
            at = to
        if intake.by == ORDERS:
            self.events.book.keep_orders()
        sources = dict(zip(OF_ROWS, at)) | {name: getattr(taken, name) for name in OF_INTAKE}
        if self.asked.clock:
            self._by_clock(sources, taken.n, -FOREVER, out)
        else:
            widths = [WIDTHS[kind] for kind in (*OF_ROWS.values(), *OF_INTAKE.values())]
            for start in range(0, taken.n, ROWS):
                here = dict(zip(sources, after(list(sources.values()), widths, start)))
                self._piece(here, min(ROWS, taken.n - start), 0, out)
        intake.refuse(batch)

    def _left_out(self, batch: Batch, out: Out) -> None:
        """Tell of the rows that the intake has left out."""
        intake, tell = self.intake, self.tell
        tell.drop("a level without a side, or with both", intake.sideless)
        tell.note("events of an unknown number changed nothing", intake.odd)
        if intake.off:
            tell.drop(OFF, len(intake.off))
            times, px, (over, under) = batch.times(), batch.view("px"), intake.tick
            ts, prices = [times[i] for i in intake.off], [px[i] for i in intake.off]
            tell.findings.found(batch.schema, OFF, "warning", ts, prices, over / under, out)

    def mark(self, ts: int, out: Out) -> None:
        """No event comes before ts."""
        if self.asked.clock:
            self._by_clock(dict.fromkeys((*OF_ROWS, *OF_INTAKE), 0), 0, ts, out)

    def finish(self, out: Out) -> None:
        """The input has ended, and with it the last instant."""
        if self.asked.clock and not self.asked.every:
            self.mark(FOREVER, out)

    def _by_clock(self, sources: Mapping[str, int], n: int, upto: int, out: Out) -> None:
        """The events with the rows of the clock between them."""
        cell, state = self.cells[clocked], self.cells[clocked].state
        cell.set(upto=upto)
        cell.columns(sources, sources.values(), n)
        to = {name: memory.buffer_info()[0] for name, memory in self._clocked.items()}
        cell.columns([f"o_{name}" for name in to], to.values(), ROWS)
        state.at = 0
        while True:
            cell.run()
            if state.n:
                self._piece(to, state.n, to["event"], out)
            if state.n < ROWS:
                break
        if state.at < n or (not n and state.begun and state.next < upto):
            since = iso_text(state.next)
            what = f"{self.written.key}: the clock has more than {MOST} rows from {since} to the next event"
            raise HqError(what, DATA, hint=("pass a longer every:DURATION as ", FactorOptions.trigger))

    def _piece(self, sources: Mapping[str, int], n: int, event: int, out: Out) -> None:
        """At most ROWS events; event: the address of their numbers, 0 where there is no clock."""
        if self.asked.whole:
            series = out.series(self.written)
            to = out.rows(series, n)
            at = dict(zip(self.written.names, to))
            self.graph.run(
                self._read(sources), n, [*(at[name] for name in self.asked.names), at["valid"], at["reason"]]
            )
            move([at["ts"], at["exch_ts"]], [sources["ts"], sources["exch_ts"]], (8, 8), n)
            out.commit(series, n)
            return
        made = [memory.buffer_info()[0] for memory in self._made]
        values = self._values.buffer_info()[0]
        made[: len(self.asked.names)] = [values + 8 * ROWS * i for i in range(len(self.asked.names))]
        if self.asked.long:  # the reasons lie one behind the other, too
            start = self._reasons.buffer_info()[0]
            made[len(self.asked.names) : 2 * len(self.asked.names)] = [
                start + ROWS * i for i in range(len(self.asked.names))
            ]
        self.graph.run(self._read(sources), n, made)
        cell = self.cells[chosen]
        cell.columns(FOR_CHOICE, made[-len(FOR_CHOICE) :], n)
        cell.column("event", event, n if event else 0)
        order = self._order.buffer_info()[0]
        cell.column("order", order, n)
        cell.run()
        kept = cell.state.n
        if kept and self.asked.long:
            self._write_long(sources, made, order, kept, n, out)
        elif kept:
            self._write(sources, made, order, kept, n, out)

    def _read(self, sources: Mapping[str, int]) -> dict[str, int]:
        """The sources as the graph calls them."""
        return {key: sources[key.partition(AS)[0]] for key in self.graph.sources}

    def _write(self, sources: Mapping[str, int], made: Sequence[int], order: int, kept: int, n: int, out: Out) -> None:
        if self.asked.sifts:
            cell = self.cells[sifted]
            cell.set(n=kept)
            cell.column("order", order, n)
            cell.column("ts", sources["ts"], n)
            cell.column("values", made[0], ROWS * len(self.asked.names))
            cell.buffer("last", self.last[0])
            cell.run()
            kept = cell.state.n
        if kept:
            lie = {**sources, **dict(zip((*self.asked.names, "valid", "reason"), made))}
            series = out.series(self.written)
            to = out.rows(series, kept)
            self._moved.take(order, kept, self.written.widths, [lie[name] for name in self.written.names], to)
            out.commit(series, kept)

    def _write_long(
        self, sources: Mapping[str, int], made: Sequence[int], order: int, kept: int, n: int, out: Out
    ) -> None:
        cell, most = self.cells[listed], kept * len(self.asked.names)
        cell.set(n=kept)
        cell.column("order", order, n)
        cell.columns(("ts", "exch_ts"), (sources["ts"], sources["exch_ts"]), n)
        cell.column("values", made[0], ROWS * len(self.asked.names))
        cell.column("reasons", made[len(self.asked.names)], ROWS * len(self.asked.names))
        for name, memory in zip(("last", "last_ts"), self.last):
            cell.buffer(name, memory)
        places = self._listed.columns(self.written.widths, most)
        cell.columns([f"o_{name}" for name in self.written.names], places, most)
        cell.run()
        if cell.state.n:
            series = out.series(self.written)
            move(out.rows(series, cell.state.n), places, self.written.widths, cell.state.n)
            out.commit(series, cell.state.n)

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> dict[str, Any]:
        return {
            "by": self.intake.by,
            "graph": self.graph.save(),
            "tables": [tables.save(record) for tables, record in self.graph.growing],
            "cells": [cell.save() for cell in self.cells.values()],
            "last": [memory.tobytes() for memory in self.last],
        }

    def load(self, saved: Mapping[str, Any]) -> None:
        self.graph.load(saved["graph"])
        for (tables, record), one in zip(self.graph.growing, saved["tables"], strict=True):
            tables.load(record, one)
        if saved["by"] not in (0, 1, ORDERS) or (saved["by"] == ORDERS) != self.events.book.by_order:
            raise Damaged(f"{self.written.key}: a book told by {saved['by']}")
        self.intake.by = saved["by"]
        for cell, one in zip(self.cells.values(), saved["cells"], strict=True):
            cell.load(one)
        clock, every = self.cells[clocked].state, self.asked.every
        fits = clock.next >= clock.ts and clock.next % every == 0 if every else clock.next == clock.ts
        if clock.begun and not (self.asked.clock and fits):
            raise Damaged(f"{self.written.key}: a clock whose next row is at {clock.next}")
        for memory, one in zip(self.last, saved["last"], strict=True):
            if len(one) != memory.itemsize * len(memory):
                raise Damaged(f"{self.written.key}: {len(one)} bytes of last values")
            memory[:] = array(memory.typecode, one)
