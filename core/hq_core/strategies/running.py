"""A strategy on one series: an instance, what it asked for, and its calls in order: on_start, next, on_stop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgpack

from hq_core.batch import CODES, period_ns
from hq_core.errors import DATA, HqError, Theirs
from hq_core.plugins import blame, folders
from hq_core.saved import Damaged
from hq_core.say import iso_text
from hq_core.specs import distinct, exprs_of
from hq_core.strategies.given import Context, row_maker
from hq_core.strategies.load import HEARD

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hq_core.batch import Batch, Schema
    from hq_core.graph import GraphColumn
    from hq_core.series.expr import Expr
    from hq_core.series.orders import Happened
    from hq_core.specs import Spec
    from hq_core.strategies.load import PythonStrategy

AT_ONCE = 256  # rows of which the values are made objects of Python together: they stay in the processor's cache


class Asked:
    """Indicators that a strategy asks for, over the columns that a plan computes for it: as a rule's Watch.

    strategy  whose name it has;  exprs: what is computed;  names: what a row calls it
    columns   where the plan has them
    """

    def __init__(self, strategy: str, specs: Sequence[Spec], schema: Schema) -> None:
        self.strategy = strategy
        found: dict[str, Expr] = exprs_of(specs, schema.names, (schema.symbol, period_ns(schema.period)))
        self.names = tuple(found)
        self.exprs = list(found.values())
        self.columns: list[int] = []

    def place(self, outs: list[GraphColumn], watched: list[GraphColumn]) -> None:
        """Add the columns to `watched`, each once, and remember where they are."""
        for out in outs:
            if out not in watched:
                watched.append(out)
        self.columns = [watched.index(out) for out in outs]


class Failed(Exception):
    """What a strategy did at a row is wrong: the row's number, and what is told of it."""

    def __init__(self, row: int, error: BaseException) -> None:
        super().__init__(row)
        self.row = row
        self.error = error


class Running:
    """An instance of a strategy that runs on one series.

    asked   the indicators that it reads
    """

    def __init__(self, strategy: PythonStrategy, schema: Schema) -> None:
        self.strategy = strategy
        self.schema = schema
        self._instance = strategy.made()
        self._context = context = Context(schema, strategy.inside)
        self._call("on_start", context)
        specs, self._histories = context.asked()
        for spec in specs:
            if any(True for _ in spec.symbols()):
                what = f"on_start: {spec.label} reads another symbol, whose rows may have gone by"
                raise strategy.wrong(f"{what}; ask for it before, by indicators = (...) in the class")
        try:
            self.asked = Asked(strategy.name, distinct([*strategy.specs, *specs]), schema)
        except HqError as error:
            raise strategy.wrong(f"on_start: {error}") from None
        self._next = self._instance.next
        self._layouts: dict[tuple[tuple[str, str], ...], Layout] = {}
        self._stopped: list[Any] | None = None  # what was to be saved before on_stop

    def check(self, schema: Schema) -> None:
        """HqError DATA where rows of this form lack a column that it reads."""
        self._layout(schema)

    def run(self, part: Batch, first: int, watched: memoryview, stride: int, take: Callable[[int, Any], None]) -> None:
        """Give it the rows of a part, the first of which has this number, one by one.  Raises Failed.

        watched   values of the plan's columns, `stride` of each
        take      takes a row's number and what `next` gave, where that is not None
        """
        layout = self._layout(part.schema)
        columns = [part.view(name) for name in layout.own]
        columns += [watched[at * stride + first : at * stride + first + part.n] for at in self.asked.columns]
        next_, pushes, row = self._next, layout.pushes, first
        try:
            for start in range(0, part.n, AT_ONCE):
                lists = [column[start : start + AT_ONCE].tolist() for column in columns]
                if pushes:
                    for values in map(layout.made, zip(*lists)):
                        for push, at in pushes:
                            push(tuple.__getitem__(values, at))
                        said = next_(values)
                        if said is not None:
                            take(row, said)
                        row += 1
                    continue
                for values in map(layout.made, zip(*lists)):
                    said = next_(values)
                    if said is not None:
                        take(row, said)
                    row += 1
        except BaseException as error:
            if blame.of_a_signal(error):
                raise
            raise Failed(row, self._told(error, part.view("ts")[row - first])) from error

    def hear(self, numbers: Sequence[float], happened: Happened) -> None:
        """What its account knows after a row, and what became of its orders since the last call."""
        self._context.know(numbers)
        for kind, row in happened:
            self._call(HEARD[kind], row_maker(tuple(row))(row.values()))

    def stop(self, more: bool) -> None:
        """No row comes any more in this run; with `more` another one goes on."""
        if more:
            self._stopped = self.save()
        if self._call("on_stop") is not None:
            raise self.strategy.wrong("on_stop: gives something back, and nobody would carry it out; next gives orders")

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> list[Any]:
        if self._stopped is not None:
            return self._stopped
        self.strategy.check_resumable()
        state = self._call("save")
        try:
            packed = msgpack.packb(state)
        except (TypeError, ValueError, OverflowError) as error:
            what = f"save: gave what is no plain value ({error}); numbers, texts, lists and dicts are"
            raise self.strategy.wrong(what) from None
        return [packed, [list(held) for held in self._histories.values()]]

    def load(self, saved: list[Any]) -> None:
        packed, histories = saved
        if [len(held) for held in self._histories.values()] != [len(held) for held in histories]:
            raise Damaged(f"the histories of {self.strategy.name} are others than on_start asks for")
        for held, values in zip(self._histories.values(), histories):
            held.extend(values)
        self.strategy.check_resumable()
        self._call("load", msgpack.unpackb(packed, strict_map_key=False))

    # -- within ------------------------------------------------------------------------------------------
    def _layout(self, schema: Schema) -> Layout:
        found = self._layouts.get(schema.cols)
        if found is None:
            found = self._layouts[schema.cols] = Layout(self, schema)
        return found

    def _call(self, method: str, *given: Any) -> Any:
        """A method that it need not have."""
        if not hasattr(self._instance, method):
            return None
        label = f"{self.strategy.label}: {method}"
        with blame.running(label, folders.STRATEGIES.remedy):
            try:
                return getattr(self._instance, method)(*given)
            except Theirs:
                raise
            except HqError as error:
                raise Theirs((label, ": ", *error.phrase()), DATA, error.below) from None

    def _told(self, error: BaseException, ts: int) -> BaseException:
        """What is told of an exception at the row of that ts."""
        where = f"{self.strategy.label}: next at {iso_text(ts)}"
        if isinstance(error, HqError):
            return Theirs((where, ": ", *error.phrase()), DATA, error.below)
        told = blame.theirs(error)
        if told is not None:
            return told
        track = error.__traceback__
        if track is not None and track.tb_next is None:  # the call itself
            return blame.said(where, error, [], folders.STRATEGIES.remedy)
        return error

    @property
    def histories(self) -> dict[tuple[str, int], Any]:
        return self._histories


class Layout:
    """Rows of one form.

    own     columns of the stream that a row has, before those of indicators
    made    makes a row of its values
    pushes  what takes a value into a history, and the value's place in a row
    """

    def __init__(self, running: Running, schema: Schema) -> None:
        strategy, asked = running.strategy, running.asked
        there = [name for name, kind in schema.cols if kind in NUMBERS and name not in asked.names]
        for name in strategy.reads or ():
            if name not in there:
                try:
                    schema.index(name)
                except HqError as error:
                    raise strategy.wrong(f"reads: {error}") from None
                raise strategy.wrong(f"reads: '{name}' is {schema.kind(name)}, not numbers")
        kept = (name for name, _ in running.histories if name in there)
        self.own = there if strategy.reads is None else list(dict.fromkeys((*strategy.reads, *kept)))
        names = (*self.own, *asked.names)
        self.made = row_maker(names)
        self.pushes: list[tuple[Callable[[float], None], int]] = []
        for (name, _), held in running.histories.items():
            if name not in names:
                has = f"the rows have {', '.join(names)}"
                raise strategy.wrong(f"history: there is no column '{name}'; {has}")
            self.pushes.append((held.append, names.index(name)))


NUMBERS = frozenset(kind for kind in CODES if kind != "s4")


def plan_ahead(strategies: Sequence[PythonStrategy], schema: Schema) -> list[Asked]:
    """What the classes themselves ask for on a series, before there is an instance."""
    return [Asked(one.name, one.specs, schema) for one in strategies if one.specs]
