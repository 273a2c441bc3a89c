"""hq-factors: events of books become rows of factors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.batch import SCHEMA, Schema, described, told_texts, undescribed
from hq_core.book.fractions import NO_STEP
from hq_core.book.ready import READY, Ready
from hq_core.errors import DATA, USAGE, HqError
from hq_core.factoring.asked import Asked, Said
from hq_core.factoring.computed import COMPUTED, Computed, Telling
from hq_core.factoring.declare import FACTORS
from hq_core.factoring.specs import check_names, parsed
from hq_core.futures.book_steps import Steps
from hq_core.jit import engine
from hq_core.kernels.one_nan import one_nan
from hq_core.kinds import BOOK, FACTOR, extra_of
from hq_core.options import Keywords, options_of
from hq_core.roles import Stage
from hq_core.saved import Damaged
from hq_core.stream.findings import SHAPE as FINDINGS
from hq_core.stream.findings import Findings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hq_core.batch import Batch
    from hq_core.graph import Graph, GraphColumn
    from hq_core.jit import Kernel
    from hq_core.roles import Out
    from hq_core.series.expr import Expr

    Step = tuple[int, int]

SERIES = {"ready": READY, "computed": [COMPUTED]}  # of a series what it saves
EACH = ("factor", "value")  # columns of rows of one factor each


class Series:
    """One series of book rows.

    ready     gives its rows in order, once the tick is known
    written   the series of its factors
    """

    def __init__(self, schema: Schema, asked: Asked, tick: Step, lot: Step, tell: Telling) -> None:
        self.schema, self.asked, self.lot, self.tell = schema, asked, lot, tell
        row = [col for col in FACTOR.cols if asked.long or col[0] not in EACH]
        values = [] if asked.long else [(name, "f8") for name in asked.names]
        self.written = Schema("factor", schema.symbol, "", (*row, *values), extra_of("factor"))
        self.ready = Ready(schema, tick, asked.lateness, tell.drop)
        self.computed: Computed | None = None
        if tick != NO_STEP:
            self._begin()

    def _begin(self) -> Computed:
        """The tick is known."""
        ready = self.ready
        self.computed = Computed(self.asked, self.written, ready.tick, self.lot, ready.told, self.tell)
        return self.computed

    def rows(self, batch: Batch, out: Out) -> None:
        for one in self.ready.rows(batch):
            (self.computed or self._begin()).rows(one, out)

    def mark(self, ts: int, out: Out) -> None:
        """No event comes before ts."""
        if self.computed is not None:
            self.computed.mark(ts, out)

    def finish(self, out: Out) -> None:
        """The input has ended."""
        for one in self.ready.rest():
            (self.computed or self._begin()).rows(one, out)
        if self.computed is not None:
            self.computed.finish(out)

    def save(self) -> dict[str, Any]:
        return {"ready": self.ready.save(), "computed": [] if self.computed is None else [self.computed.save()]}

    def load(self, saved: Mapping[str, Any]) -> None:
        self.ready.load(saved["ready"])
        if self.ready.tick != NO_STEP:
            (self.computed or self._begin()).load(*saved["computed"])
        elif saved["computed"]:
            raise Damaged(f"{self.schema.key}: has computed without a tick")


class Factors(Stage):
    """Computes factors of every series of book rows, which are replaced; other rows pass.

    specs    `tfi:1s`, `imb5=imbalance:5`
    exprs    further columns, expressions of the language over the factors: `edge = micro - mid`
    options  keywords: those of StepOptions, ListingOptions, FactorOptions and ViewOptions

    Raises HqError USAGE for what is none of that.
    """

    panels = "apart"
    __signature__ = Keywords(options_of(Said), ("specs",), ("exprs",))
    SHAPE = {"findings": FINDINGS, "series": [(SCHEMA, SERIES)]}

    def __init__(self, *specs: str, exprs: Sequence[str] = (), **options: Any) -> None:
        super().__init__()
        said = self.options = Said(**options)
        found = parsed(specs)
        names = [name for spec in found for name in spec.columns]
        made = _of_exprs(names, exprs)
        self.asked = Asked(found, [*names, *made], lambda graph, columns: _placed(graph, columns, made), said)
        self._steps = Steps(said.tick, said.lot, said.exchange_info)
        self.inputs = FACTORS.digests(spec.entry for spec in found) | self._steps.inputs
        if not said.keep_input:
            self.consumes = ("book",)
        elif said.view == "exch":
            what = ("is in the order of exch_ts, the input in that of ts; leave out ", Said.keep_input)
            raise HqError(what, USAGE, subject=(Said.view, " exch"))
        if said.view == "exch":
            self.panels = "series"  # their rows are not in one order of ts
        self._series: dict[str, Series] = {}
        self._findings = Findings("hq-factors")
        self._tell = Telling(self.drop, self.note, self._findings)
        self._others = 0
        self._passed: set[str] = set()  # symbols of factors that come in
        self._books: set[str] = set()

    def schema(self, schema: Schema) -> None:
        if schema.of == "factor":
            self._passed.add(schema.symbol)
        if schema.of == "book":
            self._books.add(schema.symbol)
        for symbol in self._passed & self._books:
            what = f"factor/{symbol}/ comes in, and would be written of book/{symbol}/ too"
            raise HqError(what, DATA, hint="send one of them, or ask for all factors in one run")
        if schema.of != "book":
            self.out.series(schema)
            return
        schema.reads(BOOK.cols, BOOK.required)
        if self.options.keep_input:
            self.out.series(schema)
        if schema.key not in self._series:
            self._series[schema.key] = self._new(schema)
        series = self._series[schema.key]
        self.out.series(series.written)
        self._names(series)

    def rows(self, batch: Batch) -> None:
        if batch.schema.of == "finding":
            self._findings.rows(batch, self.out)
            return
        if batch.schema.of != "book":
            self._others += batch.n
            self.out.copy(batch)
            return
        if self.options.keep_input:
            self.out.copy(batch)
        self._series[batch.schema.key].rows(batch, self.out)

    def mark(self, ts: int) -> None:
        if self.options.view == "local":
            self.advance(ts)
            self.out.mark(ts)

    def advance(self, ts: int) -> None:
        if self.options.view == "local":
            for series in self._series.values():
                series.mark(ts, self.out)

    def other(self, frame: dict[str, Any]) -> None:
        if not self._findings.heard(frame):
            self.out.map(frame)

    def section(self) -> None:
        self._findings.section(self.out)
        for series in self._series.values():
            self._names(series)

    def finish(self, more: bool) -> None:
        if not self._series:
            self.note("no book rows in the input, so there are no factors", self._others)
        if not more:
            for series in self._series.values():
                series.finish(self.out)

    def remarks(self) -> list[str]:
        return [line for series in self._series.values() for line in series.ready.remarks()]

    def _names(self, series: Series) -> None:
        """The texts of the codes of `factor`."""
        if self.asked.long:
            for frame in told_texts(series.written.key, "factor", self.asked.names):
                self.out.map(frame)

    def _new(self, schema: Schema) -> Series:
        return Series(schema, self.asked, *self._steps.of(schema.symbol), self._tell)

    def save(self) -> dict[str, Any]:
        return {
            "findings": self._findings.save(),
            "series": [[described(one.schema), one.save()] for one in self._series.values()],
        }

    def load(self, saved: dict[str, Any]) -> None:
        self._findings.load(saved["findings"])
        for about, one in saved["series"]:
            schema = undescribed(about)
            series = self._series[schema.key] = self._new(schema)
            series.load(one)

    def kernels(self) -> Iterable[Kernel]:
        made = Series(Schema("book", "", "", BOOK.cols), self.asked, (1, 10), (1, 1000), self._tell).computed
        assert made is not None
        return [engine, one_nan, *(node.kernel for node in made.graph.nodes), *made.cells]


def _of_exprs(names: Sequence[str], texts: Sequence[str]) -> dict[str, Expr]:
    """Expressions over columns of these names, by their own names.  Raises HqError USAGE for what is none."""
    made: dict[str, Expr] = {}
    if texts:
        from hq_core.lang.strategy import Strategy  # few runs have any

        schema = Schema("factor", "", "", [("ts", "i8"), *((name, "f8") for name in names)])
        for i, text in enumerate(texts, 1):
            said, equals, _ = text.partition("=")
            name = said.strip() if equals and said.strip().isidentifier() and text[len(said) + 1 :][:1] != "=" else ""
            line = text if name else f"expr{i} = {text}"
            name = name or f"expr{i}"
            if name in made:
                raise HqError(f"--expr: two are called '{name}'", USAGE)
            try:
                made[name] = Strategy(name, f"{line}\n", "--expr").check(schema).scope.names[name]
            except HqError as error:
                error.code = USAGE  # it stands in the command line, not in a file
                raise
        check_names([*names, *made])
    return made


def _placed(graph: Graph, columns: Mapping[str, GraphColumn], made: Mapping[str, Expr]) -> Mapping[str, GraphColumn]:
    """The expressions as columns of the graph that has those."""
    if not made:
        return {}
    from hq_core.series.plan import Plan

    for name, out in columns.items():
        graph.call(name, out)
    plan = Plan(made, base=graph)
    if plan.others:
        raise HqError("--expr reads factors alone, of one series", USAGE)
    return {name: graph.real(out) for name, out in plan.columns.items()}
