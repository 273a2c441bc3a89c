"""A strategy inside its account: bar by bar the account does the bar, then the strategy reads what it came to."""

from __future__ import annotations

import ctypes
from array import array
from typing import TYPE_CHECKING

from hq_core.batch import stretches
from hq_core.kinds import ACCOUNT
from hq_core.memory import after, room
from hq_core.series.expr import account_source
from hq_core.series.unit import Broke, Unit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Protocol

    from hq_core.batch import Batch
    from hq_core.roles import Out
    from hq_core.series.orders import Happened
    from hq_core.series.plan import Plan

    class Desk(Protocol):
        """The accounts of strategies, which stand behind them: orders and rows come to them by the strategies' `out`.

        only          the symbol that alone is traded; '' where any is
        close_at_end  the last whole row is to be known as such when it is run
        """

        close_at_end: bool

        @property
        def only(self) -> str: ...

        def enter(self) -> None:
            """Rows are run when it is asked for, not when they come."""

        def run(self, batch: Batch, mind: InsideUnit, last: bool) -> None:
            """Run rows, with who decides at each before the next one; last: the first of them ends the accounts."""


_DOUBLE = ctypes.c_double.from_address


class InsideUnit(Unit):
    """A base series whose strategies read their accounts: see futures/inside.py for what it is to those.

    desk      the accounts
    readers   the names of the strategies that read theirs
    """

    def trade(self, desk: Desk, readers: Sequence[str], plan: Plan) -> None:
        """Trade with these accounts."""
        self.desk = desk
        self.row, self.stops = array("q", [0]), array("q", [0])
        self.steps: list[tuple[int, int]] = []
        self.each = self.orders is not None and self.orders.each
        self._watched = plan.watched
        self.graph.compile([*plan.watched, *plan.columns.values()])
        self._numbers = {name: [array("d") for _ in ACCOUNT] for name in readers}
        self._lie: dict[str, list[int]] = {}
        self._held: Batch | None = None  # what may be the last whole row, and forming ones behind it

    # -- what the accounts ask of it ---------------------------------------------------------------------
    def account_columns(self, strategy: str) -> Sequence[int]:
        return self._lie.get(strategy, ())

    def decide(self, row: int) -> None:
        if self.orders is not None and self._closed:
            try:
                self.orders.decide(self._part, row, self._out)
            except Broke as broke:
                raise broke.error from None
            finally:
                self._out.flush()

    def hear(self, row: int, strategy: str, happened: Happened) -> None:
        if self.orders is not None and strategy in self._lie:
            numbers = [_DOUBLE(at + 8 * row).value for at in self._lie[strategy]]
            self.orders.hear(strategy, numbers, happened)

    # -- rows --------------------------------------------------------------------------------------------
    def finish(
        self, last: int, out: Out, drop: Callable[[str, int], None], absent: Sequence[tuple[str, int]] = ()
    ) -> None:
        super().finish(last, out, drop, absent)
        if self._held is not None:
            held, self._held = self._held, None
            self._bars(held, out, True)

    def _write(self, batch: Batch, out: Out) -> None:
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
        self._out = out
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
        assert self.orders is not None
        self._part, self._closed, n = part, closed, part.n
        sources = self._sources(part, closed)
        wanted = [*self.orders.room(n), *added]
        given = {column.source: at for column, at in zip(self._watched, wanted) if column.source}
        for name, numbers in self._numbers.items():
            keys = [account_source(name, one) for one in ACCOUNT]
            self._lie[name] = [given.get(key) or room(memory, n) for key, memory in zip(keys, numbers)]
            sources.update(zip(keys, self._lie[name]))
        before = None if closed else self.graph.save()
        self.steps = [self.graph.by_rows(sources, n, wanted)]
        if closed:
            self.steps += self.orders.by_rows(part, self.row, self.stops)
        self.desk.run(part, self, last)
        self.graph.fill(sources, n, wanted)
        if before is not None:
            self.graph.load(before, own=True)
        else:
            self.passed = max(self.passed, part.ts(n - 1))
