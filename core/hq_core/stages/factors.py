"""hq-factors: events of books become rows of factors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.batch import Schema, told_texts
from hq_core.book.fractions import NO_STEP
from hq_core.book.of_books import OfBooks, shape
from hq_core.book.ready import READY, Ready
from hq_core.errors import USAGE, HqError
from hq_core.factoring.asked import Asked, Said
from hq_core.factoring.computed import COMPUTED, Computed, Telling
from hq_core.factoring.declare import FACTORS
from hq_core.factoring.specs import check_names, parsed
from hq_core.futures.book_steps import Steps
from hq_core.jit import engine
from hq_core.kernels.one_nan import one_nan
from hq_core.kinds import BOOK, FACTOR, extra_of
from hq_core.options import Keywords, options_of
from hq_core.saved import Damaged

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

    def upto(self, ts: int, out: Out) -> None:
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


class Factors(OfBooks[Series]):
    """Computes factors of every series of book rows, which are replaced; other rows pass.

    specs    `tfi:1s`, `imb5=imbalance:5`
    exprs    further columns, expressions of the language over the factors: `edge = micro - mid`
    options  keywords: those of StepOptions, ListingOptions, FactorOptions and ViewOptions

    Raises HqError USAGE for what is none of that.
    """

    __signature__ = Keywords(options_of(Said), ("specs",), ("exprs",))
    SHAPE = shape(SERIES)

    def __init__(self, *specs: str, exprs: Sequence[str] = (), **options: Any) -> None:
        said = Said(**options)
        found = parsed(specs)
        names = [name for spec in found for name in spec.columns]
        made = _of_exprs(names, exprs)
        self.asked = Asked(found, [*names, *made], lambda graph, columns: _placed(graph, columns, made), said)
        self._steps = Steps(said.tick, said.lot, said.exchange_info)
        super().__init__("hq-factors", said, "factor", "send one of them, or ask for all factors in one run")
        self.inputs = FACTORS.digests(spec.entry for spec in found) | self._steps.inputs
        self._tell = Telling(self.drop, self.note, self._findings)

    def _unit(self, schema: Schema) -> Series:
        return Series(schema, self.asked, *self._steps.of(schema.symbol), self._tell)

    def _announced(self, unit: Series, schema: Schema) -> None:
        self.out.series(unit.written)
        self._names(unit)

    def section(self) -> None:
        super().section()
        for series in self._units.values():
            self._names(series)

    def finish(self, more: bool) -> None:
        if not self._units:
            self.note("no book rows in the input, so there are no factors", self._others)
        super().finish(more)

    def _names(self, series: Series) -> None:
        """The texts of the codes of `factor`."""
        if self.asked.long:
            for frame in told_texts(series.written.key, "factor", self.asked.names):
                self.out.map(frame)

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
