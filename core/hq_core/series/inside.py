"""A strategy inside its account: bar by bar the account does the bar, then the strategy reads what it came to."""

from __future__ import annotations

import ctypes
from array import array
from typing import TYPE_CHECKING

from hq_core.batch import stretches
from hq_core.jit import I8, Cell, kernel
from hq_core.kinds import ACCOUNT
from hq_core.memory import after, room
from hq_core.series.expr import account_source
from hq_core.series.unit import Broke, Unit
from hq_core.series.waiting import Waiting
from hq_core.stream.handover import Twice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any, Protocol

    from hq_core.batch import Batch
    from hq_core.roles import Out, Sink
    from hq_core.series.inside_group import InsideGroup
    from hq_core.series.plan import Plan

    Happened = Sequence[tuple[str, int, Mapping[str, Any]]]  # kind, the symbol's number, and row, in order

    class Owner(Protocol):
        """What has the account of a strategy."""

        name: str

    class OwnAccount(Protocol):
        """The account of a strategy, of which it is asked what it knows of a symbol, by its number there."""

        trader: Owner

        def known(self, number: int, row: array[int], places: Sequence[int], n: int) -> tuple[int, int]:
            """The step of jit/engine.py's `rounds` that writes it to a row of n."""

        def numbers(self, number: int) -> list[float]:
            """It as it is now."""

    class Desk(Protocol):
        """The accounts of strategies, which stand behind them: rows come to them by the strategies' `out`, orders
        straight.

        only          the symbol that alone is traded; '' where any is
        close_at_end  the last whole row is to be known as such when it is run
        keep_input    orders are written too
        """

        close_at_end: bool
        keep_input: bool

        @property
        def only(self) -> str: ...

        @property
        def reached(self) -> int:
            """Before which ts all has come that a bar is run along; EVER where that is nothing."""

        def enter(self) -> None:
            """Rows are run when it is asked for, not when they come."""

        def given(self) -> Sink:
            """What takes the orders."""

        def run(self, batch: Batch, mind: Any, last: bool) -> None:
            """Run rows, with who decides at each before the next one; last: the first of them ends the accounts."""

        def numbers_of(self, symbols: Iterable[str]) -> list[int]: ...
        def known(self, number: int) -> dict[str, list[float]]: ...
        def leave_out(self, forming: int) -> None: ...
        def run_together(self, parts: Sequence[Batch], mind: Any, limit: int, ends: bool) -> None: ...


_DOUBLE = ctypes.c_double.from_address


@kernel()
def next_row(row: I8) -> None:
    """A step of `rounds`: the next row of a series."""
    row[0] += 1


class InsideUnit(Unit):
    """A base series whose strategies read their accounts: see futures/inside.py for what it is to those.

    desk       the accounts
    given      takes the orders, straight to the accounts
    readers    the names of the strategies that read theirs
    group      of the series that are traded together; its rows wait there where there are several
    waits      those that do;  counts: what goes on to the next of them
    number     the accounts' number of its symbol
    """

    number = 0
    starts = array("q")  # each row is an instant

    def trade(self, group: InsideGroup, readers: Sequence[str], plan: Plan) -> None:
        """Trade with the accounts of a group."""
        self.group, self.desk, self.given = group, group.desk, group.given
        self.row = array("q", [0])
        self.stops: array[int] | memoryview[int] = array("q", [0])
        self.each = self.orders is not None and self.orders.each
        self._watched = plan.watched
        self.graph.compile([*plan.watched, *plan.columns.values()])
        self._numbers = {name: [array("d") for _ in ACCOUNT] for name in readers}
        self._lie: dict[str, list[int]] = {}
        self._held: Batch | None = None  # what may be the last whole row, and forming ones behind it
        self.waits, self.counts = Waiting(), Cell(next_row)
        self._takes = group.given  # what takes its orders
        group.add(self)

    def takes_orders(self, out: Out) -> Out:
        self._takes = Twice(self.given, out) if self.desk.keep_input else self.given
        return self._takes

    # -- what the accounts ask of it ---------------------------------------------------------------------
    def see(self, columns: Mapping[str, int], n: int) -> None:
        self.row[0] = 0

    def steps(self, accounts: Sequence[OwnAccount]) -> list[tuple[int, int]]:
        lie, number = self._lie, self.number
        known = [
            one.known(number, self.row, lie[one.trader.name], self._part.n)
            for one in accounts
            if one.trader.name in lie
        ]
        if self.group.several:
            self.counts.buffer("row", self.row)
            known.insert(0, self.counts.step)
        return known + self._steps

    def decide(self, row: int) -> None:
        if self._closed:
            try:
                self.order(row)
            finally:
                self.given.flush()

    def order(self, row: int) -> None:
        """Give what is ordered at a closed row."""
        assert self.orders is not None
        try:
            self.orders.decide(self._part, row, self._takes)
        except Broke as broke:
            raise broke.error from None

    def hear(self, row: int, account: OwnAccount, happened: Happened) -> None:
        name = account.trader.name
        if name in self._lie:
            self.tell(name, [_DOUBLE(at + 8 * row).value for at in self._lie[name]], happened)

    def tell(self, strategy: str, numbers: Sequence[float], happened: Happened) -> None:
        """What a strategy's account knows of the symbol, and what became of its orders."""
        if self.orders is not None:
            self.orders.hear(strategy, numbers, [(kind, said) for kind, _, said in happened])

    # -- rows --------------------------------------------------------------------------------------------
    @property
    def waiting(self) -> int:
        return super().waiting + self.waits.n

    def finish(
        self, last: int, out: Out, drop: Callable[[str, int], None], absent: Sequence[tuple[str, int]] = ()
    ) -> None:
        super().finish(last, out, drop, absent)
        if self._held is not None:
            held, self._held = self._held, None
            self._bars(held, out, True)

    def _write(self, batch: Batch, out: Out) -> None:
        if self.group.several:
            self.waits.add(batch, {name: batch.texts[name] for name in self.inputs.texts if name in batch.texts})
            return
        if not self.desk.close_at_end:
            self._bars(batch, out)
            return
        at = batch.last_whole()
        if at >= 0 and self._held is not None:
            held, self._held = self._held, None
            self._bars(held, out)
        elif at < 0 and self._held is None:
            at = batch.n
        if at > 0:
            self._bars(batch.slice(0, at), out)
        if at < batch.n:
            self._held = batch.slice(at, batch.n).copied()

    def _bars(self, batch: Batch, out: Out, last: bool = False) -> None:
        out.flush()  # what came before is done before
        n, done = batch.n, 0
        added = [room(memory, n) for memory in self._added]
        try:
            for part, closed in stretches(batch):
                self._run(part, closed, after(added, self._widths, done), last and done == 0)
                done += part.n
        except BaseException:
            n = done + self.row[0]
            raise
        finally:
            self.computed += n
            self._pass(batch, out, n, added)
            out.flush()

    def _run(self, part: Batch, closed: bool, added: Sequence[int], last: bool) -> None:
        """Run closed rows, or a forming one, which leaves no trace here."""
        before = None if closed else self.graph.save()
        self._prepare(part, closed, added)
        try:
            self.desk.run(part, self, last)
        finally:
            self._filled()
        if before is not None:
            self.graph.load(before, own=True)

    def _prepare(self, part: Batch, closed: bool, added: Sequence[int]) -> None:
        """Make the steps that compute closed rows, or a forming one."""
        assert self.orders is not None
        self._part, self._closed, n = part, closed, part.n
        self._sourced = sources = {**self._sources(part, closed)}
        self._wanted = wanted = [*self.orders.room(n), *added]
        given = {column.source: at for column, at in zip(self._watched, wanted) if column.source}
        for name, numbers in self._numbers.items():
            keys = [account_source(name, one) for one in ACCOUNT]
            self._lie[name] = [given.get(key) or room(memory, n) for key, memory in zip(keys, numbers)]
            sources.update(zip(keys, self._lie[name]))
        self._steps = [self.graph.by_rows(sources, n, wanted)]
        if closed:
            self._steps += self.orders.by_rows(part, self.row, self.stops)

    def _filled(self) -> None:
        """The rows are computed: fill what no step writes."""
        part = self._part
        self.graph.fill(self._sourced, part.n, self._wanted)
        if self._closed:
            self.passed = max(self.passed, part.ts(part.n - 1))

    # -- together with others ----------------------------------------------------------------------------
    def take_part(self, n: int, stops: memoryview[int]) -> Batch:
        """Make the steps of the first n rows that wait, which are closed; they wait until they are `passed_on`."""
        self.stops = stops
        part = self.waits.first().slice(0, n)
        self._laid = [room(memory, n) for memory in self._added]
        self._prepare(part, True, self._laid)
        return part

    def pass_on(self, done: int, out: Out) -> None:
        """Of the rows of which the steps were made so many are done."""
        self._filled()
        self._drop(self._part, done, out)

    def pass_forming(self, out: Out) -> None:
        """The first row that waits is a forming one, which leaves no trace."""
        assert self.orders is not None
        row = self.waits.first().slice(0, 1)
        self._laid = [room(memory, 1) for memory in self._added]
        sources = {**self._sources(row, False)}
        held = []
        for name, numbers in self.desk.known(self.number).items():
            if name in self._numbers:
                held.append(array("d", numbers))
                at, size = held[-1].buffer_info()
                places = range(at, at + 8 * size, 8)
                sources.update(zip((account_source(name, one) for one in ACCOUNT), places))
        self.graph.run(sources, 1, [*self.orders.room(1), *self._laid], False)
        self.desk.leave_out(1)
        self._drop(row, 1, out)

    def _drop(self, batch: Batch, n: int, out: Out) -> None:
        self.computed += n
        self._pass(batch, out, n, self._laid)
        self.waits.drop(n)

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> dict[str, Any]:
        return {**super().save(), "together": [self.waits.save()]}

    def load(self, saved: dict[str, Any], own: bool = False) -> None:
        super().load(saved, own)
        for waits in saved["together"]:
            self.waits.load(waits, self.schema)
