"""hq-factors: events of books become rows of factors."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from hq_core.batch import WIDTHS, Schema, told_texts
from hq_core.book.intake import Intake
from hq_core.book.steps import step_of
from hq_core.durations import parse_duration
from hq_core.errors import USAGE, HqError
from hq_core.factoring.declare import FACTORS
from hq_core.factoring.events import OF_INTAKE, OF_ROWS, Events
from hq_core.factoring.rows import ON_CLOCK, TRIGGERS, chosen, clocked, judged, listed, masked, sifted, valid, warming
from hq_core.factoring.specs import check_names, parsed
from hq_core.jit import Cell, engine
from hq_core.kernels.one_nan import one_nan
from hq_core.kinds import BOOK, FACTOR, extra_of
from hq_core.memory import after, move
from hq_core.options.factors import FactorOptions, StepOptions
from hq_core.roles import Stage
from hq_core.saved import Damaged
from hq_core.series.inputs import parts
from hq_core.stream.rows import Permutation, Room

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hq_core.batch import Batch
    from hq_core.factoring.specs import FactorSpec
    from hq_core.graph import Graph, GraphColumn
    from hq_core.jit import Kernel

ROWS = 8192  # events that are computed together
FOREVER = (1 << 63) - 1
ROW = FACTOR.names  # columns of every row
TYPES = dict(FACTOR.cols)
FOR_CHOICE = ("kind", "bid", "ask", "bid_qty", "ask_qty", "quality")
SERIES = {"symbol": str, "graph": bytes, "tables": [bytes], "cells": [bytes], "last": [bytes]}


class Asked:
    """What is computed of every series, and which rows are written.

    on, every   the triggers as bits, and ns of the clock, 0: none
    """

    def __init__(self, specs: Sequence[FactorSpec], exprs: Sequence[str], options: FactorOptions) -> None:
        self.specs = specs
        self.exprs = exprs
        self.options = options
        self.on = self.every = 0
        for word in options.trigger.split(","):
            name, colon, length = word.strip().partition(":")
            if name == "every" and colon and not self.every:
                self.every = _length(length, FactorOptions.trigger)
                self.on |= ON_CLOCK
                if not self.every:
                    raise HqError(subject=FactorOptions.trigger, value=word, rule="must be longer than 0", code=USAGE)
            elif name in TRIGGERS and not colon:
                self.on |= TRIGGERS[name]
            else:
                rule = f"must be of {', '.join(TRIGGERS)}, and one every:DURATION"
                raise HqError(subject=FactorOptions.trigger, value=word, rule=rule, code=USAGE)
        self.interval = _length(options.min_interval, FactorOptions.min_interval)
        self.warmup = _length(options.warmup, FactorOptions.warmup)
        self.change = options.min_change
        self.sifts = self.interval > 0 or self.change > 0.0
        self.whole = self.on == TRIGGERS["event"] and not self.sifts and not options.long  # every event is a row


class Series:
    """The factors of one series of book rows."""

    def __init__(self, schema: Schema, asked: Asked, steps: tuple[tuple[int, int], tuple[int, int]], view: str) -> None:
        self.asked = asked
        tick, lot = steps
        self.intake = Intake(view, tick)
        self.events = events = Events(tick, lot)
        self.graph = graph = events.graph
        self.names, values = _values(events, asked)
        quality = events.column("quality", {})
        reason = graph.node(warming, [events.column("ts", {})], {"length": asked.warmup}).out()
        if asked.warmup:
            values = [graph.node(masked, [out, reason]).out() for out in values]
        reasons = []
        for out in values:
            of = graph.node(judged, [out, reason, quality]).out()
            reasons.append(of)
            if not asked.options.long:
                reason = of
        behind = reasons if asked.options.long else [graph.node(valid, [reason]).out(), reason]
        self._wanted = [*values, *behind]
        if not asked.whole:
            self._wanted += [events.column(name, {}) for name in FOR_CHOICE]
        graph.compile(self._wanted)
        self.cells = {kernel: Cell(kernel) for kernel in (clocked, chosen, sifted, listed)}
        self.cells[clocked].set(every=asked.every)
        self.cells[chosen].set(on=asked.on)
        for kernel in (sifted, listed):
            self.cells[kernel].set(interval=asked.interval, change=asked.change, apart=ROWS)
        self.last: list[array[Any]] = [array("d", bytes(8 * len(values))), array("q", bytes(16 * len(values)))]
        self.announce(schema)
        self._moved, self._gathered, self._listed = Permutation(), Room(), Room()
        self._made = [array("q", bytes(8 * ROWS)) for _ in self._wanted]
        self._values = array("d", bytes(8 * ROWS * len(values)))
        self._reasons = array("b", bytes(ROWS * len(values)))
        self._order = array("q", bytes(8 * ROWS))
        names = [*OF_ROWS, *OF_INTAKE, "event"]
        self._clocked = {name: array("q", bytes(8 * ROWS)) for name in names} if asked.every else {}

    def announce(self, schema: Schema) -> None:
        """The rows are announced, perhaps with other columns than before."""
        for name, kind in BOOK.required:
            schema.typed(name, kind)
        row = [name for name in ROW if self.asked.options.long or name not in ("factor", "value")]
        cols = [(name, TYPES[name]) for name in row]
        cols += [] if self.asked.options.long else [(name, "f8") for name in self.names]
        self.written = Schema("factor", schema.symbol, "", cols, extra_of("factor"))

    def rows(self, batch: Batch, out: Any) -> None:
        """Rows of the series."""
        taken = self.intake.take(batch)
        at = [batch.address(name) for name in OF_ROWS]
        if taken.n < batch.n:
            widths = [WIDTHS[kind] for kind in OF_ROWS.values()]
            to = self._gathered.columns(widths, taken.n)
            self._moved.take(taken.row, taken.n, widths, at, to)
            at = to
        if self.intake.orders:
            self.events.book.keep_orders()
        sources = dict(zip(OF_ROWS, at)) | {name: getattr(taken, name) for name in OF_INTAKE}
        if self.asked.every:
            self._by_clock(sources, taken.n, -FOREVER, out)
        else:
            widths = [WIDTHS[kind] for kind in (*OF_ROWS.values(), *OF_INTAKE.values())]
            for start in range(0, taken.n, ROWS):
                here = dict(zip(sources, after(list(sources.values()), widths, start)))
                self._piece(here, min(ROWS, taken.n - start), 0, out)
        self.intake.refuse(batch)

    def mark(self, ts: int, out: Any) -> None:
        """No event comes before ts."""
        if self.asked.every:
            self._by_clock(dict.fromkeys((*OF_ROWS, *OF_INTAKE), 0), 0, ts, out)

    def _by_clock(self, sources: Mapping[str, int], n: int, upto: int, out: Any) -> None:
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
                return

    def _piece(self, sources: Mapping[str, int], n: int, event: int, out: Any) -> None:
        """At most ROWS events; event: the address of their numbers, 0 where there is no clock."""
        if self.asked.whole:
            series = out.series(self.written)
            to = out.rows(series, n)
            at = dict(zip(self.written.names, to))
            self.graph.run(self._read(sources), n, [*(at[name] for name in self.names), at["valid"], at["reason"]])
            move([at["ts"], at["exch_ts"]], [sources["ts"], sources["exch_ts"]], (8, 8), n)
            out.commit(series, n)
            return
        made = [memory.buffer_info()[0] for memory in self._made]
        values = self._values.buffer_info()[0]
        made[: len(self.names)] = [values + 8 * ROWS * i for i in range(len(self.names))]
        if self.asked.options.long:  # the reasons lie one behind the other, too
            start = self._reasons.buffer_info()[0]
            made[len(self.names) : 2 * len(self.names)] = [start + ROWS * i for i in range(len(self.names))]
        self.graph.run(self._read(sources), n, made)
        cell = self.cells[chosen]
        cell.columns(FOR_CHOICE, made[-len(FOR_CHOICE) :], n)
        cell.column("event", event, n if event else 0)
        order = self._order.buffer_info()[0]
        cell.column("order", order, n)
        cell.run()
        kept = cell.state.n
        if kept and self.asked.options.long:
            self._write_long(sources, made, order, kept, n, out)
        elif kept:
            self._write(sources, made, order, kept, n, out)

    def _read(self, sources: Mapping[str, int]) -> dict[str, int]:
        """The sources as the graph calls them."""
        return {key: sources[parts(key)[0]] for key in self.graph.sources}

    def _write(self, sources: Mapping[str, int], made: Sequence[int], order: int, kept: int, n: int, out: Any) -> None:
        if self.asked.sifts:
            cell = self.cells[sifted]
            cell.set(n=kept)
            cell.column("order", order, n)
            cell.column("ts", sources["ts"], n)
            cell.column("values", made[0], ROWS * len(self.names))
            cell.buffer("last", self.last[0])
            cell.run()
            kept = cell.state.n
        if kept:
            lie = {"ts": sources["ts"], "exch_ts": sources["exch_ts"]} | dict(
                zip((*self.names, "valid", "reason"), made)
            )
            series = out.series(self.written)
            to = out.rows(series, kept)
            self._moved.take(order, kept, self.written.widths, [lie[name] for name in self.written.names], to)
            out.commit(series, kept)

    def _write_long(
        self, sources: Mapping[str, int], made: Sequence[int], order: int, kept: int, n: int, out: Any
    ) -> None:
        cell, most = self.cells[listed], kept * len(self.names)
        cell.set(n=kept)
        cell.column("order", order, n)
        cell.columns(("ts", "exch_ts"), (sources["ts"], sources["exch_ts"]), n)
        cell.column("values", made[0], ROWS * len(self.names))
        cell.column("reasons", made[len(self.names)], ROWS * len(self.names))
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
            "symbol": self.written.symbol,
            "graph": self.graph.save(),
            "tables": [tables.save(record) for tables, record in self.graph.growing],
            "cells": [cell.save() for cell in self.cells.values()],
            "last": [memory.tobytes() for memory in self.last],
        }

    def load(self, saved: Mapping[str, Any]) -> None:
        self.graph.load(saved["graph"])
        for (tables, record), one in zip(self.graph.growing, saved["tables"], strict=True):
            tables.load(record, one)
        for cell, one in zip(self.cells.values(), saved["cells"], strict=True):
            cell.load(one)
        for memory, one in zip(self.last, saved["last"], strict=True):
            if len(one) != 8 * len(memory):
                raise Damaged(f"{self.written.key}: {len(one)} bytes of last values, {8 * len(memory)} wanted")
            memory[:] = array(memory.typecode, one)


class Factors(Stage):
    """Computes factors of every series of book rows, which are replaced; other rows pass.

    specs    `tfi:1s`, `imb5=imbalance:5`
    exprs    further columns, expressions of the language over the factors: `edge = micro - mid`
    options  keywords of FactorOptions and StepOptions

    Raises HqError USAGE for what is none of that.
    """

    panels = "apart"
    SHAPE = {"series": {str: SERIES}}

    def __init__(self, *specs: str, exprs: Sequence[str] = (), **options: Any) -> None:
        super().__init__()
        steps = {name: options.pop(name) for name in list(options) if hasattr(StepOptions, name)}
        self.steps = StepOptions(**steps)
        self.asked = Asked(parsed(specs), exprs, FactorOptions(**options))
        self.inputs = FACTORS.digests(spec.entry for spec in self.asked.specs)
        if not self.steps.keep_input:
            self.consumes = ("book",)
        self._tick, self._lot = _step(self.steps.tick), _step(self.steps.lot)
        if not self._tick[0]:
            raise HqError(("pass ", StepOptions.tick), USAGE)
        self._series: dict[str, Series] = {}
        self._probe = Series(Schema("book", "", "", BOOK.cols), self.asked, (self._tick, self._lot), self.steps.view)
        self._others = 0

    def schema(self, schema: Schema) -> None:
        if schema.of != "book":
            self.out.series(schema)
            return
        if self.steps.keep_input:
            self.out.series(schema)
        series = self._series.get(schema.key)
        if series is None:
            series = self._series[schema.key] = self._new(schema)
        series.announce(schema)
        self.out.series(series.written)
        self._tell(series)

    def rows(self, batch: Batch) -> None:
        if batch.schema.of != "book":
            self._others += batch.n
            self.out.copy(batch)
            return
        if self.steps.keep_input:
            self.out.copy(batch)
        series = self._series[batch.schema.key]
        try:
            series.rows(batch, self.out)
        finally:
            intake = series.intake
            self.note("the price is off the tick, so the row was left out", len(intake.off))
            self.note("a level without a side, or with both, was left out", intake.sideless)
            self.note("an event of a number that is not known changed nothing", intake.odd)

    def mark(self, ts: int) -> None:
        self.advance(ts)
        self.out.mark(ts)

    def advance(self, ts: int) -> None:
        for series in self._series.values():
            series.mark(ts, self.out)

    def section(self) -> None:
        for series in self._series.values():
            self._tell(series)

    def finish(self, more: bool) -> None:
        if not self._series:
            self.note("no book rows in the input, so there are no factors", self._others)

    def _tell(self, series: Series) -> None:
        """The texts of the codes of `factor`."""
        if self.asked.options.long:
            for frame in told_texts(series.written.key, "factor", series.names):
                self.out.map(frame)

    def _new(self, schema: Schema) -> Series:
        return Series(schema, self.asked, (self._tick, self._lot), self.steps.view)

    def save(self) -> dict[str, Any]:
        return {"series": {key: series.save() for key, series in self._series.items()}}

    def load(self, saved: dict[str, Any]) -> None:
        for key, one in saved["series"].items():
            series = self._series[key] = self._new(Schema("book", one["symbol"], "", BOOK.cols))
            series.load(one)

    def kernels(self) -> Iterable[Kernel]:
        nodes = [node.kernel for node in self._probe.graph.nodes]
        return [engine, one_nan, *nodes, *self._probe.cells]


def _values(events: Events, asked: Asked) -> tuple[list[str], list[GraphColumn]]:
    """The names and columns of all factors and of the expressions over them."""
    found: dict[str, GraphColumn] = {}
    for spec in asked.specs:
        found |= zip(spec.columns, events.factor(spec.entry, spec.params))
    if asked.exprs:
        found |= _of_exprs(events.graph, found, asked.exprs)
    return list(found), list(found.values())


def _of_exprs(graph: Graph, found: Mapping[str, GraphColumn], exprs: Sequence[str]) -> dict[str, GraphColumn]:
    from hq_core.lang.strategy import Strategy
    from hq_core.series.plan import Plan

    schema = Schema("factor", "", "", [("ts", "i8"), *((name, "f8") for name in found)])
    made = {}
    for i, text in enumerate(exprs, 1):
        name, equals, _ = text.partition("=")
        name = name.strip() if equals and name.strip().isidentifier() else f"expr{i}"
        line = text if text.partition("=")[0].strip() == name else f"{name} = {text}"
        checked = Strategy(name, f"{line}\n", "--expr").check(schema)
        made[name] = checked.scope.names[name]
    check_names([*found, *made])
    for name, out in found.items():
        graph.call(name, out)
    plan = Plan(made, base=graph)
    if plan.others:
        raise HqError("--expr reads factors alone, of one series", USAGE)
    return {name: graph.real(out) for name, out in plan.columns.items()}


def _length(text: str, option: Any) -> int:
    return parse_duration(text, option) if text else 0


def _step(given: str | float | None) -> tuple[int, int]:
    """A step as a fraction; (0, 1): none is given."""
    if given is None:
        return 0, 1
    try:
        return step_of([float(given)])
    except ValueError:
        raise HqError(f"a step of {given!r:.40}, must be a number above 0", USAGE) from None
